/** Which values of a config go together. Mirrors VirtualMachineConfig.Builder#build : first match wins. */
import { DEBUG_LEVEL_FULL } from "../constants.js";
import { IllegalStateException } from "../errors.js";
import type { LibraryTraits } from "../../base/releases/traits.js";
import type { ConfigFields } from "./fields.js";

/** What `build()` has before the choice of protection is known to be made. */
type UncheckedFields = Omit<ConfigFields, "protectedVm"> & { readonly protectedVm: boolean | undefined };

/** @throws IllegalStateException */
export function checkConfigCombination(
  fields: UncheckedFields,
  library: LibraryTraits,
): asserts fields is ConfigFields {
  const broken = RULES.find(([isBroken]) => isBroken(fields, library));
  if (broken) throw new IllegalStateException(broken[1]);
}

type Rule = readonly [isBroken: (fields: UncheckedFields, library: LibraryTraits) => boolean, message: string];

const isFull = (fields: UncheckedFields): boolean => fields.debugLevel === DEBUG_LEVEL_FULL;

const RULES: readonly Rule[] = [
  [(f) => f.apkPath === undefined && f.packageName === undefined, "apkPath or packageName must be specified"],
  [
    (f) =>
      f.customImageConfig !== undefined && (f.payloadBinaryName !== undefined || f.payloadConfigPath !== undefined),
    "setCustomImageConfig and (setPayloadBinaryName or setPayloadConfigPath) may not both be called",
  ],
  [
    (f) => f.customImageConfig === undefined && f.payloadBinaryName === undefined && f.payloadConfigPath === undefined,
    "setPayloadBinaryName must be called",
  ],
  [
    (f, library) =>
      library.payloadConfigExcludesExtraApks &&
      f.payloadBinaryName === undefined &&
      f.payloadConfigPath !== undefined &&
      f.extraApks.length > 0,
    "setPayloadConfigPath and addExtraApk may not both be called",
  ],
  [
    (f) => f.payloadBinaryName !== undefined && f.payloadConfigPath !== undefined,
    "setPayloadBinaryName and setPayloadConfigPath may not both be called",
  ],
  [(f) => f.protectedVm === undefined, "setProtectedVm must be called explicitly"],
  [
    (f, library) => library.captureNeedsFullDebug && f.vmOutputCaptured && !isFull(f),
    "debug level must be FULL to capture output",
  ],
  [(f) => f.vmConsoleInputSupported && !isFull(f), "debug level must be FULL to use console input"],
  [(f) => f.connectVmConsole && !isFull(f), "debug level must be FULL to connect to the console"],
  [(f) => f.networkSupported && f.protectedVm === true, "network is not supported on pVM"],
];
