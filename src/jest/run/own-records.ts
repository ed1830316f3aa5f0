/**
 * What a run writes lies in the project's folder, where Jest looks for changes: watch mode must not take it for one, and
 * nothing in there is a module.
 */
import { realpathSync } from "node:fs";
import { basename } from "node:path";
import { resultsFolder, RUN_NAME_PATTERN } from "../../artifacts/run-folder.js";
import { jestModule } from "./jest-modules.js";

/** The part of Jest's HasteMap that is used here. */
interface HasteMap {
  _ignore(path: string): boolean;
}

const patched = new WeakSet<HasteMap>();

/**
 * A pattern for `modulePathIgnorePatterns`, which Jest adds to a project's own and also does not watch. By the folder's
 * last name only: Jest puts `<rootDir>` into patterns as it is, whatever its characters mean there.
 */
export function ownRecordsPattern(projectFolder: string): string {
  const folder = resultsFolder(projectFolder);
  const names = [...new Set([folder, realPath(folder)].map((path) => escapeRegExp(basename(path))))];
  return String.raw`[/\\](?:${names.join("|")})[/\\]${RUN_NAME_PATTERN}(?:[/\\]|$)`;
}

/**
 * Other projects of the same run may watch the same folder, and no preset of ours reaches them. Jest has no door for
 * this. Returns false where its file map is not as we know it.
 */
export function hideOwnRecords(projectFolder: string): boolean {
  const map = hasteMap();
  if (map === undefined) return false;
  if (patched.has(map)) return true;
  patched.add(map);
  const own = new RegExp(ownRecordsPattern(projectFolder));
  // Called with the instance as `this`, each time.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const ignore = map._ignore;
  map._ignore = function (this: HasteMap, path: string): boolean {
    return own.test(path) || ignore.call(this, path);
  };
  return true;
}

function hasteMap(): HasteMap | undefined {
  const { default: type } = jestModule("jest-haste-map") as { readonly default?: { readonly prototype?: unknown } };
  const prototype = type?.prototype as Partial<HasteMap> | undefined;
  return typeof prototype?._ignore === "function" ? (prototype as HasteMap) : undefined;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
