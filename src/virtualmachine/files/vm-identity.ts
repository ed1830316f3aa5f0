import type { AndroidRelease } from "../../base/android-release.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { Bundle } from "../config/xml/persistable-bundle.js";
import type { TransitionCause } from "../journal/record.js";
import type { VmFolder } from "./vm-folder.js";

/** A VM as the manager made or found it. */
export interface VmIdentity {
  readonly context: VmContext;
  readonly name: string;
  readonly folder: VmFolder;
  readonly config: VirtualMachineConfig;
  /** Entries of config.xml that this release does not know. */
  readonly unknownConfig: Bundle;
  readonly release: AndroidRelease;
  readonly usesInstanceId: boolean;
  /** Of the config that it was made or found with: a later one has no say. */
  readonly hasStorage: boolean;
  /** Paths on the device, told when it was made or found. */
  readonly extraApks: readonly string[];
  readonly cause: TransitionCause;
}
