/** A service on a device of others: each VM is written down before it is made, so that a killed run's can be distinguished from theirs. */
import type { Provisioned } from "../../provisioning/index.js";
import type { RemoteFiles, VirtualizationService } from "../../virtualizationservice/index.js";

export function notingService(
  service: VirtualizationService,
  { noteMade }: { readonly noteMade: (path: string) => void },
  { notes }: Pick<Provisioned, "notes">,
): VirtualizationService {
  const { files } = service;
  const noting: RemoteFiles = {
    claimFolder: async (path, mark) => {
      notes.coming(path, mark);
      const made = await files.claimFolder(path, mark);
      if (!made) notes.gone(path);
      else {
        noteMade(path);
        await notes.made(path);
      }
      return made;
    },
    keepClaim: (path, mark) => files.keepClaim(path, mark),
    undoClaim: async (path, mark) => {
      await files.undoClaim(path, mark);
      notes.gone(path);
    },
    ensureFolder: (path) => files.ensureFolder(path),
    exists: (path) => files.exists(path),
    read: (path) => files.read(path),
    write: (path, content) => files.write(path, content),
    copy: (from, to) => files.copy(from, to),
    remove: async (path) => {
      await files.remove(path);
      notes.gone(path);
    },
    list: (path) => files.list(path),
  };
  // Its methods stay its own; only its files are others.
  return new Proxy(service, {
    get: (target, name): unknown => {
      if (name === "files") return noting;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
