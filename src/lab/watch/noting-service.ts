/** A service on a device of others: each VM is written down before it is made, so that a killed run's can be distinguished from theirs. */
import { decorate } from "../../base/decorate.js";
import type { Provisioned } from "../../provisioning/index.js";
import type { VirtualizationService } from "../../virtualizationservice/index.js";

export function notingService(
  service: VirtualizationService,
  { noteMade }: { readonly noteMade: (path: string) => void },
  { notes }: Pick<Provisioned, "notes">,
): VirtualizationService {
  const { files } = service;
  const noting = decorate(files, {
    claimFolder: async (path, mark) => {
      notes.coming(path, mark);
      const made = await files.claimFolder(path, mark);
      if (!made) notes.notMade(path, mark);
      else {
        noteMade(path);
        await notes.made(path, mark);
      }
      return made;
    },
    undoClaim: async (path, mark) => {
      await files.undoClaim(path, mark);
      notes.notMade(path, mark);
    },
    remove: async (path) => {
      await files.remove(path);
      notes.gone(path);
    },
  });
  return decorate(service, { files: noting });
}
