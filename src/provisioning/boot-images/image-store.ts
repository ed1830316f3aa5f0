/**
 * Kernels, initramfs and disks of this host on a device: each content once, under its SHA-256. What was put there goes with
 * the run, and with the next one should this process be killed.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { UsageError } from "../../base/errors.js";
import type { Device } from "../../device/index.js";
import type { DeviceCallOptions } from "../../device/contract.js";
import { sha256 } from "../host-apk.js";
import { DATA_ROOT, removeIfMade } from "../install-app.js";
import type { Undo } from "../undo/undo.js";

/** A package cannot have this name: it has no dot. */
export const IMAGES_FOLDER = `${DATA_ROOT}/images`;

export interface ImageStore {
  /**
   * @param source a path of this host, or bytes
   * @returns the path on the device; nobody may write to that file, for others may read it
   * @throws UsageError when the device has no room for it
   */
  put(source: string | Uint8Array, call?: DeviceCallOptions): Promise<string>;
}

/** As long as for an APK of that size on a slow line. */
const PUSH_TIMEOUT_MS = 10 * 60_000;

export function imageStore(device: Device, undo: Undo): ImageStore {
  const pushing = new Map<string, Promise<string>>();
  let madeFolders: Promise<void> | undefined;

  const push = async (image: Image, path: string, call: DeviceCallOptions): Promise<string> => {
    // Looked up each time: the device may have been restored since, or have it from another run.
    if (await isThere(device, path, image.bytes, call)) return path;
    await requireRoom(device, image, call);
    await (madeFolders ??= removeIfMade(device, [IMAGES_FOLDER, DATA_ROOT], undo, call));
    const step = { kind: "remove-file", path, sha256: image.sha256 } as const;
    undo.add(step);
    await device.push(image.source, path, { timeoutMs: PUSH_TIMEOUT_MS, ...call, mode: 0o644 });
    return path;
  };
  return {
    put: async (source, call = {}) => {
      const image = await readImage(source);
      const path = `${IMAGES_FOLDER}/${image.sha256}`;
      // Two VMs that are made at once often boot the same kernel.
      const before = pushing.get(path);
      const work = before === undefined ? push(image, path, call) : before.then(() => push(image, path, call));
      pushing.set(path, work);
      try {
        return await work;
      } finally {
        if (pushing.get(path) === work) pushing.delete(path);
      }
    },
  };
}

interface Image {
  readonly source: string | Uint8Array;
  readonly bytes: number;
  readonly sha256: string;
}

async function readImage(source: string | Uint8Array): Promise<Image> {
  if (typeof source === "string") return { source, bytes: (await stat(source)).size, sha256: await sha256(source) };
  return { source, bytes: source.length, sha256: createHash("sha256").update(source).digest("hex") };
}

/** A push is whole or absent, so that name and size tell. */
async function isThere(device: Device, path: string, bytes: number, call: DeviceCallOptions): Promise<boolean> {
  const argv = ["sh", "-c", '[ -f "$1" ] && [ ! -L "$1" ] && wc -c <"$1"', "sh", path];
  const { exitCode, stdout } = await device.execUnchecked(argv, call);
  return exitCode === 0 && stdout.trim() === String(bytes);
}

/** What `df` cannot tell is left to the push. */
async function requireRoom(device: Device, { source, bytes }: Image, call: DeviceCallOptions): Promise<void> {
  const { stdout } = await device.execUnchecked(["df", "-k", "/data/local/tmp"], call);
  const free = / (\d+) +\d+% /.exec(stdout.trim().split("\n").at(-1) ?? "")?.[1];
  if (free === undefined || Number(free) * 1024 > bytes) return;
  const what = typeof source === "string" ? source : "An image that was made in memory";
  throw new UsageError(
    "IMAGE_TOO_LARGE",
    `${what} has ${Math.ceil(bytes / 2 ** 20)} MiB; device ${device.serial} has room for ${Math.floor(Number(free) / 1024)} MiB.`,
    { hint: `see: adb -s ${device.serial} shell df -h /data/local/tmp` },
  );
}
