/** A service that makes and starts nothing on behalf of a test that is over. */
import { anySignal } from "../../base/async/shared-signal.js";
import { decorate } from "../../base/decorate.js";
import type { VirtualizationService } from "../../virtualizationservice/index.js";

/**
 * Only what begins something is refused: calls that end or read are let through, for the clean-up of a VM continues in the
 * context of the test that started it.
 * @param signal the signal of the test that the present call belongs to
 */
export function guardService(
  service: VirtualizationService,
  signal: () => AbortSignal | undefined,
): VirtualizationService {
  const { files } = service;
  return decorate(service, {
    files: decorate(files, {
      claimFolder: async (path, mark) => {
        signal()?.throwIfAborted();
        return files.claimFolder(path, mark);
      },
    }),
    prepareRun: async (scratchPath) => {
      signal()?.throwIfAborted();
      return service.prepareRun(scratchPath);
    },
    startVm: async (config, listener, own) => {
      const both = anySignal(own, signal());
      both?.throwIfAborted();
      return service.startVm(config, listener, both);
    },
  });
}
