/** `config.xml`: the config of a VM as it is kept on the device. Mirrors VirtualMachineConfig#serialize and #from. */
import { VirtualMachineException, isUsageError } from "../../errors.js";
import { configOfBundle } from "./from-bundle.js";
import { KEPT_APART, isKnownKey } from "./keys.js";
import { DEFAULT_RELEASE, releaseOf } from "../release-of.js";
import { bundleOfConfig } from "./to-bundle.js";
import { upgradeBundle } from "./config-versions.js";
import { readBundle, BundleFormatError } from "./persistable-bundle-reader.js";
import { writeBundle } from "./persistable-bundle.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import type { VirtualMachineConfig } from "../config.js";
import type { VmContext } from "../../context.js";
import type { Bundle } from "./persistable-bundle.js";

export interface StoredConfig {
  readonly config: VirtualMachineConfig;
  /** Entries this release does not know; they are written back when the config is. */
  readonly unknown: Bundle;
}

export interface WriteOptions {
  /** Whose form it gets. Default: that of Android 15. */
  readonly release?: AndroidRelease | undefined;
  /** Entries that are put in where the key order wants them. */
  readonly unknown?: Bundle | undefined;
}

/** Bytes of `config.xml` as a release writes them. */
export function writeConfigXml(config: VirtualMachineConfig, options: WriteOptions = {}): string {
  const { release = DEFAULT_RELEASE, unknown = new Map<string, never>() } = options;
  return writeBundle(new Map([...unknown, ...bundleOfConfig(config, release)]));
}

/**
 * Reads a config of any version up to that of the device's release. The builder's rules are applied again.
 * @throws VirtualMachineException `Persisted VM config is invalid`, or `Failed to read VM config from file` when the bytes
 * are no bundle; UnsupportedOperationException when the device lacks that kind of VM
 */
export function readConfigXml(bytes: Uint8Array, capabilities?: VmContext["capabilities"]): StoredConfig {
  const release = releaseOf(capabilities);
  try {
    const bundle = upgradeBundle(readBundle(bytes), release);
    const unknown = new Map([...bundle].filter(([key]) => !isKnownKey(key, release) && key !== KEPT_APART));
    return { config: configOfBundle(bundle, release, capabilities), unknown };
  } catch (error) {
    if (error instanceof BundleFormatError) {
      throw new VirtualMachineException("CONFIG_UNREADABLE", "Failed to read VM config from file", { cause: error });
    }
    if (isUsageError(error) && error.code !== "UNSUPPORTED_OPERATION") {
      throw new VirtualMachineException("CONFIG_INVALID", "Persisted VM config is invalid", { cause: error });
    }
    throw error;
  }
}
