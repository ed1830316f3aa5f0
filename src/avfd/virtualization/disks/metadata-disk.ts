/** The disk that names what the guest is to run: `key=value` lines, padded with NUL to whole 4096-byte blocks. */
import type { AndroidRelease } from "../../../base/android-release.js";
import type { VmPayload } from "../vm-config.js";

export interface GuestMetadata {
  readonly name: string;
  readonly release: AndroidRelease;
  readonly payload: VmPayload;
  readonly apkBytes: number;
  readonly idsigBytes: number;
  readonly extraApks: readonly { readonly apkBytes: number; readonly idsigBytes: number }[];
  readonly epochSeconds: number;
  readonly entropy: Buffer;
  readonly deviceSecret: Buffer;
  readonly instanceId: Buffer | undefined;
}

const BLOCK_BYTES = 4096;

/** Throws an Error when a value would break its line. */
export function metadataDisk(metadata: GuestMetadata): Buffer {
  const { payload } = metadata;
  const fields: readonly (readonly [string, string | number])[] = [
    ["version", 1],
    ["name", metadata.name],
    ["release", metadata.release],
    payload.kind === "config" ? ["config_path", payload.configPath] : ["payload_binary_name", payload.binaryName],
    ["apk_size", metadata.apkBytes],
    ["idsig_size", metadata.idsigBytes],
    ["extra_apk_count", metadata.extraApks.length],
    ...metadata.extraApks.flatMap(
      ({ apkBytes, idsigBytes }, index) =>
        [
          [`extra_apk_${index}_size`, apkBytes],
          [`extra_idsig_${index}_size`, idsigBytes],
        ] as const,
    ),
    ["epoch_seconds", metadata.epochSeconds],
    ["entropy", metadata.entropy.toString("hex")],
    ["device_secret", metadata.deviceSecret.toString("hex")],
    ...(metadata.instanceId ? [["instance_id", metadata.instanceId.toString("hex")] as const] : []),
  ];
  const text = fields.map(([key, value]) => `${key}=${oneLine(key, String(value))}\n`).join("");
  const disk = Buffer.alloc(Math.ceil(Buffer.byteLength(text) / BLOCK_BYTES) * BLOCK_BYTES);
  disk.write(text);
  return disk;
}

function oneLine(key: string, value: string): string {
  if (/[\n\r\0]/.test(value)) throw new Error(`${key} has a line break or a NUL`);
  return value;
}
