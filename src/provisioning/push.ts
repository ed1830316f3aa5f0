/** Files and folders of an AndroidTest.xml go to the device, by the rules of Tradefed's PushFilePreparer. */
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join, posix, resolve } from "node:path";
import { UsageError } from "../base/errors.js";
import type { Device, DeviceCallOptions } from "../device/contract.js";
import type { PushPair } from "./preparer-options.js";
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
  const source = await findSource(request.root, request.pair);
  if ((await stat(source)).isDirectory()) return pushFolder(device, source, request);
  await pushFile(device, source, await targetOf(device, source, request), request);
}

/** The file or folder of this host. @throws UsageError */
export async function findSource(root: string, { source }: PushPair): Promise<string> {
  const folder = resolve(root, source);
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return folder;
  const [file = "", ...others] = await findFiles(root, source);
  if (others.length === 0) return file;
  throw refused(`Several files match ${JSON.stringify(source)}; one can be pushed.`);
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
  const { folders, files } = await contentOf(folder);
  for (const name of ["", ...folders]) {
    await makeFolder(device, posix.join(destination, name).replace(/(?<=.)\/$/, ""), request);
  }
  for (const name of files) await pushFile(device, join(folder, name), posix.join(destination, name), request);
}

/** Also one that no file goes into. */
async function makeFolder(device: Device, path: string, { undo, call }: PushRequest): Promise<void> {
  const made = await missingFolders(device, path, call);
  if (made.length === 0) return;
  undo?.add({ kind: "remove-empty-folders", paths: made });
  await device.exec(["mkdir", "-p", path], call);
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

interface FolderContent {
  /** Relative to the folder, each before what is in it. */
  readonly folders: readonly string[];
  readonly files: readonly string[];
}

/** Links are followed. Those to nowhere are left out, and so is what is neither file nor folder. */
async function contentOf(folder: string): Promise<FolderContent> {
  const content = { folders: [] as string[], files: [] as string[] };
  const visit = async (prefix: string, above: readonly string[]): Promise<void> => {
    for (const name of (await readdir(join(folder, prefix))).sort()) {
      const path = posix.join(prefix, name);
      const found = await statOf(join(folder, path));
      if (found?.isDirectory()) {
        if (above.includes(idOf(found))) throw refused(`${join(folder, path)} leads back to a folder that it is in.`);
        content.folders.push(path);
        await visit(path, [...above, idOf(found)]);
      } else if (found?.isFile()) content.files.push(path);
      if (content.files.length + content.folders.length > MAX_FILES) {
        throw refused(`${folder} has more than ${MAX_FILES} files and folders.`);
      }
    }
  };
  await visit("", [idOf(await stat(folder))]);
  return content;
}

/** Undefined for a link to nowhere. */
async function statOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ELOOP") return undefined;
    throw error;
  });
}

function idOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function refused(why: string): UsageError {
  return new UsageError("PUSH_SOURCE", why);
}

/** Deepest first: a push makes them. */
async function missingFolders(device: Device, folder: string, call: DeviceCallOptions): Promise<readonly string[]> {
  if (folder === "/" || folder === "." || (await test(device, "-e", folder, call))) return [];
  return [folder, ...(await missingFolders(device, posix.dirname(folder), call))];
}

async function test(device: Device, flag: "-d" | "-e", path: string, call: DeviceCallOptions): Promise<boolean> {
  return (await device.execUnchecked(["test", flag, path], call)).exitCode === 0;
}
