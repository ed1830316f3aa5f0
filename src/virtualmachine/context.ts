/** The app on whose behalf VMs are made: what Android's `Context` is to the Java library. */
import type { ServiceCapabilities, VirtualizationService } from "../virtualizationservice/contract.js";

export interface VmContext {
  readonly packageName: string;
  /** Path on the device of the installed base APK. */
  readonly apkPath: string;
  /** Folder on the device; VMs live in `<dataFolder>/vm/<name>`. */
  readonly dataFolder: string;
  readonly service: VirtualizationService;
  /** What the device can do, when it was asked before. Lets config builders refuse at once, as Java's do. */
  readonly capabilities?: ServiceCapabilities | undefined;
  /** Base APK of another installed package; undefined when there is none. Needed for extra APKs by package name. */
  readonly resolvePackage?: ((packageName: string) => Promise<string | undefined>) | undefined;
  /** A file inside an APK on the device; undefined when it is not there. Needed for `extra_apks` of a payload config. */
  readonly readApkEntry?: ((apkPath: string, entry: string) => Promise<Uint8Array | undefined>) | undefined;
  /** How many times slower than usual the device is: waits get that much longer. Default: 1. */
  readonly slowness?: number | undefined;
  /** Fires when the device is gone, with the reason why: ends waits. */
  readonly gone?: AbortSignal | undefined;
  /** Gets what failed without failing a call, e.g. a listener that threw. Default: a warning of the process. */
  readonly log?: ((message: string) => void) | undefined;
}

/** Adds the device's capabilities to a context, so that `setProtectedVm` and others refuse as early as in Java. */
export async function createVmContext(context: VmContext): Promise<VmContext> {
  return Object.freeze({ ...context, capabilities: await context.service.capabilities() });
}

/** Says what failed without failing a call. */
export function report({ log }: Pick<VmContext, "log">, message: string): void {
  if (log) log(message);
  else process.emitWarning(message);
}
