/**
 * Kernels, initramfs and disks of this host on a device: each content once, under its SHA-256. What was put there goes with
 * the run, and with the next one should this process be killed.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { atOnce } from "../../base/async/at-once.js";
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
   * Begins to put it there.
   * @param source a path of this host, or bytes
   */
  put(source: string | Uint8Array, call?: DeviceCallOptions): Promise<PutImage>;
}

interface PutImage {
  /** On the device; nobody may write to that file, for others may read it. */
  readonly path: string;
  /** Resolves when it is there. Rejects with a UsageError when the device has no room for it; need not be waited for. */
  readonly done: Promise<void>;
}

/** As long as for an APK of that size on a slow line. */
const PUSH_TIMEOUT_MS = 10 * 60_000;

/** @param begun when `undo` takes steps; meanwhile the device is looked at */
export function imageStore(device: Device, undo: Undo, begun: Promise<void> = Promise.resolve()): ImageStore {
  /** In the order in which they were begun; each waits for those before it only. */
  const pushing = new Set<Pushing>();
  let madeFolders: Promise<void> | undefined;
  /** For all that are put there, so not ended with one of them; a failure is forgotten. */
  const makeFolders = (): Promise<void> => {
    const making = (madeFolders ??= removeIfMade(device, [IMAGES_FOLDER, DATA_ROOT], undo, {}, begun));
    making.catch(() => (madeFolders = undefined));
    return making;
  };

  const push = async (image: Image, path: string, before: readonly Pushing[], call: DeviceCallOptions) => {
    // Two VMs that are made at once often boot the same kernel.
    const same = await Promise.allSettled(before.filter((each) => each.path === path).map(({ done }) => done));
    if (same.some(({ status }) => status === "fulfilled")) return;
    // Looked up otherwise: the device may have been restored since, or have it from another run.
    const [found] = await atOnce(() => look(device, path, call), makeFolders);
    if (found.bytes === image.bytes) return;
    const coming = before.filter((each) => pushing.has(each)).reduce((sum, { bytes }) => sum + bytes, 0);
    if (!hasRoom(found, image.bytes + coming)) {
      // Some of it is there already, and so counted twice.
      await Promise.allSettled(before.map(({ done }) => done));
      requireRoom(device, image, await look(device, path, call));
    }
    const step = { kind: "remove-file", path, sha256: image.sha256 } as const;
    undo.add(step);
    await device.push(image.source, path, { timeoutMs: PUSH_TIMEOUT_MS, ...call, mode: 0o644 });
  };
  return {
    put: async (source, call = {}) => {
      const image = await readImage(source);
      const path = `${IMAGES_FOLDER}/${image.sha256}`;
      const done = push(image, path, [...pushing], call);
      const entry = { path, bytes: image.bytes, done };
      pushing.add(entry);
      const forget = (): void => void pushing.delete(entry);
      done.then(forget, forget);
      return { path, done };
    },
  };
}

interface Pushing {
  readonly path: string;
  readonly bytes: number;
  readonly done: Promise<void>;
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

interface Found {
  /** Undefined without such a file. */
  readonly bytes: number | undefined;
  /** Undefined where `df` cannot tell. */
  readonly freeKib: number | undefined;
}

/** A push is whole or absent, so that name and size tell whether it is there. */
async function look(device: Device, path: string, call: DeviceCallOptions): Promise<Found> {
  const script = '[ -f "$1" ] && [ ! -L "$1" ] && wc -c <"$1" || echo none; df -k /data/local/tmp';
  const { stdout } = await device.execUnchecked(["sh", "-c", script, "sh", path], call);
  const [size = "", ...df] = stdout.trim().split("\n");
  const free = / (\d+) +\d+% /.exec(df.at(-1) ?? "")?.[1];
  return {
    bytes: /^\d+$/.test(size.trim()) ? Number(size) : undefined,
    freeKib: free === undefined ? undefined : Number(free),
  };
}

/** What `df` cannot tell is left to the push. */
function hasRoom({ freeKib }: Found, bytes: number): boolean {
  return freeKib === undefined || freeKib * 1024 > bytes;
}

function requireRoom(device: Device, { source, bytes }: Image, found: Found): void {
  if (hasRoom(found, bytes)) return;
  const what = typeof source === "string" ? source : "An image that was made in memory";
  const freeMib = Math.floor((found.freeKib ?? 0) / 1024);
  throw new UsageError(
    "IMAGE_TOO_LARGE",
    `${what} has ${Math.ceil(bytes / 2 ** 20)} MiB; device ${device.serial} has room for ${freeMib} MiB.`,
    { hint: `see: adb -s ${device.serial} shell df -h /data/local/tmp` },
  );
}
