/**
 * The JSON of `vm run`: read as the tool of a release reads it, and refused in its words (AOSP libs/vmconfig/src/lib.rs, which
 * leaves the reading to serde_json).
 */
import type { AndroidRelease } from "../../../../base/android-release.js";
import { parseVersionReq, type VersionReq } from "../../../virtualization/raw/platform-version.js";
import { debugString, ToolError } from "../rust-text.js";
import { JsonReader } from "./serde/reader.js";
import {
  bool,
  defaulted,
  fromJson,
  list,
  nonZeroU32,
  option,
  path,
  string,
  struct,
  text,
  type Deserialize,
  type Fields,
} from "./serde/values.js";
import { SerdeError } from "./serde/serde-error.js";

export interface VmConfigJson {
  readonly name?: string | undefined;
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly params: string | undefined;
  readonly bootloader: string | undefined;
  readonly disks: readonly DiskJson[];
  readonly protected: boolean;
  readonly memory_mib: number | undefined;
  readonly cpu_topology?: string | undefined;
  readonly platform_version: VersionReq;
  readonly devices?: readonly string[];
  readonly console_input_device?: string | undefined;
  readonly usb_config?: { readonly controller: boolean } | undefined;
}

export interface DiskJson {
  readonly image: string | undefined;
  readonly partitions: readonly PartitionJson[];
  readonly writable: boolean;
}

interface PartitionJson {
  readonly label: string;
  readonly path: string;
  readonly writable: boolean;
  readonly guid?: string | undefined;
}

interface LoadedConfig {
  readonly config: VmConfigJson;
  /** What Android's tool would have refused; undefined: nothing. */
  readonly warning: string | undefined;
}

/** Throws `ToolError` or `SerdeError`. */
export function loadVmConfig(json: Buffer, release: AndroidRelease): LoadedConfig {
  try {
    return {
      config: validated(fromJson(new JsonReader(json), struct("VmConfig", FIELDS[release]))),
      warning: undefined,
    };
  } catch (error) {
    if (!(error instanceof SerdeError) || error.text !== "missing field `platform_version`") throw error;
    return withoutPlatformVersion(json, release, error);
  }
}

const ASSUMED_VERSION = "~1.0";

/**
 * AOSP documents a config without `platform_version` (its page about custom VMs), and Android's tool refuses it. What
 * is documented runs here, if nothing else is wrong with it, and the caller gets a warning.
 */
function withoutPlatformVersion(json: Buffer, release: AndroidRelease, error: SerdeError): LoadedConfig {
  try {
    const version = { read: requirement, missing: () => parseVersionReq(ASSUMED_VERSION) };
    const read = struct<VmConfigJson>("VmConfig", { ...FIELDS[release], platform_version: version });
    const config = validated(fromJson(new JsonReader(json), read));
    return {
      config,
      warning: `Android's vm refuses this config: ${error.message}. It is taken as "${ASSUMED_VERSION}" here`,
    };
  } catch {
    throw error;
  }
}

const HYPHENATED = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
/** What the crate `uuid` takes, which is case-sensitive in `urn:uuid:` only. */
const UUID = new RegExp(`^(?:[0-9a-f]{32}|${HYPHENATED}|\\{${HYPHENATED}\\}|urn:uuid:${HYPHENATED})$`);
/** Returned in the one form that it is printed in. */
const guid: Deserialize<string> = text("a formatted UUID string", (value) => {
  const prefix = value.startsWith("urn:uuid:") ? "urn:uuid:" : "";
  const lower = prefix + value.slice(prefix.length).toLowerCase();
  if (!UUID.test(lower)) throw new Error(`UUID parsing failed: ${debugString(value)} is no UUID`);
  const digits = lower.slice(prefix.length).replace(/[^0-9a-f]/g, "");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
});
const requirement = text("semver version", parseVersionReq);

const PARTITION: Fields<PartitionJson> = {
  ...{ label: { read: string }, path: { read: path } },
  writable: defaulted({ read: bool }, () => false),
};
const PARTITION_16: Fields<PartitionJson> = { ...PARTITION, guid: defaulted(option(guid), () => undefined) };

function diskOf(partition: Fields<PartitionJson>): Deserialize<DiskJson> {
  return struct<DiskJson>("DiskImage", {
    image: defaulted(option(path), () => undefined),
    partitions: defaulted<readonly PartitionJson[]>({ read: list(struct("Partition", partition)) }, () => []),
    writable: { read: bool },
  });
}

const PATHS = { kernel: option(path), initrd: option(path), params: option(string), bootloader: option(path) };
const machine = (
  partitionFields: Fields<PartitionJson>,
): Pick<Fields<VmConfigJson>, "disks" | "protected" | "memory_mib"> => ({
  disks: defaulted<readonly DiskJson[]>({ read: list(diskOf(partitionFields)) }, () => []),
  protected: defaulted({ read: bool }, () => false),
  memory_mib: defaulted(option(nonZeroU32), () => undefined),
});
const platform = { platform_version: { read: requirement } };
const devices = { devices: defaulted<readonly string[]>({ read: list(path) }, () => []) };

const FIELDS_13: Fields<VmConfigJson> = { ...PATHS, ...machine(PARTITION), ...platform };
const FIELDS_14: Fields<VmConfigJson> = { name: option(string), ...FIELDS_13 };
const FIELDS_15: Fields<VmConfigJson> = {
  ...{ name: option(string), ...PATHS, ...machine(PARTITION), cpu_topology: option(string), ...platform, ...devices },
  console_input_device: option(string),
};
const USB = struct<{ readonly controller: boolean }>("UsbConfig", { controller: { read: bool } });
const FIELDS_16: Fields<VmConfigJson> = { ...FIELDS_15, ...machine(PARTITION_16), usb_config: option(USB) };

const FIELDS: Readonly<Record<AndroidRelease, Fields<VmConfigJson>>> = {
  13: FIELDS_13,
  14: FIELDS_14,
  15: FIELDS_15,
  16: FIELDS_16,
  17: FIELDS_16,
};

function validated(config: VmConfigJson): VmConfigJson {
  const { kernel, initrd, bootloader } = config;
  if (bootloader === undefined && kernel === undefined) {
    throw new ToolError("VM must have either a bootloader or a kernel image.");
  }
  if (bootloader !== undefined && (kernel !== undefined || initrd !== undefined)) {
    throw new ToolError("Can't have both bootloader and kernel/initrd image.");
  }
  for (const disk of config.disks) {
    if ((disk.image === undefined) !== (disk.partitions.length === 0)) continue;
    throw new ToolError(`Exactly one of image and partitions must be specified. (Was ${debugDisk(disk)}.)`);
  }
  return config;
}

/** Rust's debug form. */
function debugDisk({ image, partitions, writable }: DiskJson): string {
  const parts = partitions.map((one) => {
    const id = "guid" in one ? `, guid: ${one.guid === undefined ? "None" : `Some(${one.guid})`}` : "";
    return `Partition { label: ${debugString(one.label)}, path: ${debugString(one.path)}, writable: ${one.writable}${id} }`;
  });
  const name = image === undefined ? "None" : `Some(${debugString(image)})`;
  return `DiskImage { image: ${name}, partitions: [${parts.join(", ")}], writable: ${writable} }`;
}
