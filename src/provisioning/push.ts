/** Files and folders of an AndroidTest.xml go to the device, by the rules of Tradefed's PushFilePreparer. */
import { readdir, stat } from "node:fs/promises";
import { basename, join, posix, resolve } from "node:path";
import { UsageError } from "../base/errors.js";
import type { Device, DeviceCallOptions } from "../device/contract.js";
import type { PushPair } from "./android-test.js";
import { findFiles } from "./glob.js";
import { sha256 } from "./host-apk.js";
import type { Undo } from "./undo/undo.js";

interface PushRequest {
  readonly pair: PushPair;
  /** Where a relative source starts from. */
  readonly root: string;
  /** Undefined: what is pushed stays. */
  readonly undo: Undo | undefined;
  readonly call: DeviceCallOptions;
}

const MAX_FILES = 10_000;

/** A file goes into a folder that is there, or ends in a slash, under its name; of a folder the content is pushed. */
export async function push(device: Device, request: PushRequest): Promise<void> {
  const { pair, root } = request;
  const folder = resolve(root, pair.source);
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return pushFolder(device, folder, request);
  const [source = "", ...others] = await findFiles(root, pair.source);
  if (others.length > 0) {
    throw new UsageError("PUSH_SOURCE", `Several files match ${JSON.stringify(pair.source)}; one can be pushed.`);
  }
  await pushFile(device, source, await targetOf(device, source, request), request);
}

async function targetOf(device: Device, source: string, { pair, call }: PushRequest): Promise<string> {
  const { destination } = pair;
  const isFolder = destination.endsWith("/") || (await test(device, "-d", destination, call));
  return isFolder ? posix.join(destination, basename(source)) : destination;
}

async function pushFolder(device: Device, folder: string, request: PushRequest): Promise<void> {
  const { destination } = request.pair;
  if ((await test(device, "-e", destination, request.call)) && !(await test(device, "-d", destination, request.call))) {
    throw new UsageError(
      "PUSH_TARGET",
      `${folder} is a folder; it cannot be pushed to ${destination}, which is a file.`,
    );
  }
  for (const name of await filesBelow(folder)) {
    await pushFile(device, join(folder, name), posix.join(destination, name), request);
  }
}

async function pushFile(device: Device, source: string, target: string, request: PushRequest): Promise<void> {
  const { undo, call } = request;
  if (undo) {
    const made = await missingFolders(device, posix.dirname(target), call);
    if (made.length > 0) undo.add({ kind: "remove-empty-folders", paths: made });
    if (!(await test(device, "-e", target, call))) {
      const removal = { kind: "remove-file", path: target } as const;
      undo.add(removal);
      await device.push(source, target, call);
      if (undo.isNoted) undo.replace(removal, { ...removal, sha256: await sha256(source) });
      return;
    }
  }
  await device.push(source, target, call);
}

/** Relative to the folder. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  const visit = async (prefix: string): Promise<void> => {
    for (const name of (await readdir(join(folder, prefix))).sort()) {
      const path = posix.join(prefix, name);
      const found = await stat(join(folder, path));
      if (found.isDirectory()) await visit(path);
      else if (found.isFile()) names.push(path);
      if (names.length > MAX_FILES) throw new UsageError("PUSH_SOURCE", `${folder} has more than ${MAX_FILES} files.`);
    }
  };
  await visit("");
  return names;
}

/** Deepest first: a push makes them. */
async function missingFolders(device: Device, folder: string, call: DeviceCallOptions): Promise<readonly string[]> {
  if (folder === "/" || folder === "." || (await test(device, "-e", folder, call))) return [];
  return [folder, ...(await missingFolders(device, posix.dirname(folder), call))];
}

async function test(device: Device, flag: "-d" | "-e", path: string, call: DeviceCallOptions): Promise<boolean> {
  return (await device.execUnchecked(["test", flag, path], call)).exitCode === 0;
}
