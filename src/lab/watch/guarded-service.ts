/** A service that makes and starts nothing on behalf of a test that is over. */
import { anySignal } from "../../base/async/shared-signal.js";
import type { RemoteFiles, VirtualizationService } from "../../virtualizationservice/index.js";

/**
 * Only what begins something is refused: calls that end or read are let through, for the clean-up of a VM goes on in the
 * context of the test that started it.
 * @param signal the signal of the test that the present call belongs to
 */
export function guardService(
  service: VirtualizationService,
  signal: () => AbortSignal | undefined,
): VirtualizationService {
  const files: RemoteFiles = {
    claimFolder: async (path, mark) => {
      signal()?.throwIfAborted();
      return service.files.claimFolder(path, mark);
    },
    keepClaim: (path, mark) => service.files.keepClaim(path, mark),
    undoClaim: (path, mark) => service.files.undoClaim(path, mark),
    ensureFolder: (path) => service.files.ensureFolder(path),
    exists: (path) => service.files.exists(path),
    read: (path) => service.files.read(path),
    write: (path, content) => service.files.write(path, content),
    copy: (from, to) => service.files.copy(from, to),
    remove: (path) => service.files.remove(path),
    list: (path) => service.files.list(path),
  };
  return {
    files,
    capabilities: () => service.capabilities(),
    isFeatureEnabled: (feature) => service.isFeatureEnabled(feature),
    initializeWritablePartition: (path, sizeBytes, type) => service.initializeWritablePartition(path, sizeBytes, type),
    createOrUpdateIdsigFile: (apkPath, idsigPath) => service.createOrUpdateIdsigFile(apkPath, idsigPath),
    prepareRun: async (scratchPath) => {
      signal()?.throwIfAborted();
      return service.prepareRun(scratchPath);
    },
    startVm: async (config, listener, own) => {
      const both = anySignal(own, signal());
      both?.throwIfAborted();
      return service.startVm(config, listener, both);
    },
    resumeVm: (bookmark, told, listener, own) => service.resumeVm(bookmark, told, listener, own),
    listVms: () => service.listVms(),
  };
}
