/** The index of a device package: its files, and how they are put together again. */
import { createHash } from "node:crypto";
import type { PackageFile } from "../packages/unpack.js";

export const DEVICE_INDEX = "device.json";
/** All that is no repetition, one piece after the other, compressed with brotli. */
export const DEVICE_DATA = "device.br";
const FORMAT = 1;

/** A piece of a file: so many bytes of the data, of zeros, or of what an earlier place in the files holds. */
export type Run =
  | readonly ["data", number]
  | readonly ["zeros", number]
  /** Index of a file, place in it, number of bytes. */
  | readonly ["copy", number, number, number];

export interface IndexedFile {
  /** Relative to the image's folder. */
  readonly path: string;
  readonly executable: boolean;
  readonly runs: readonly Run[];
}

export interface DeviceIndex {
  readonly format: typeof FORMAT;
  /** SHA-256 of all other fields. */
  readonly sha256: string;
  /** `sourcesKey` of the jest-avf that made it. */
  readonly sources: string;
  /** Debian's packages that it was made of. */
  readonly packages: readonly PackageFile[];
  /** SHA-256 of all files with their names: the same on every host that makes them. */
  readonly digest: string;
  readonly data: { readonly bytes: number; readonly sha256: string };
  readonly files: readonly IndexedFile[];
}

export function deviceIndex(fields: Omit<DeviceIndex, "format" | "sha256">): DeviceIndex {
  return { ...fields, format: FORMAT, sha256: digestOf(fields) };
}

function digestOf({ sources, packages, digest, data, files }: Omit<DeviceIndex, "format" | "sha256">): string {
  return createHash("sha256").update(JSON.stringify({ sources, packages, digest, data, files })).digest("hex");
}

/** @throws Error when it is none, or one of a form that this version does not know */
export function parseDeviceIndex(text: string): DeviceIndex {
  const value = JSON.parse(text) as Partial<DeviceIndex> | null;
  const { format, sources, packages, digest, data, files } = value ?? {};
  if (format !== FORMAT) throw new Error(`unknown format ${String(format)}`);
  const valid =
    [sources, digest, data?.sha256].every((each) => typeof each === "string") &&
    isCount(data?.bytes) &&
    isList<Partial<PackageFile>>(packages) &&
    packages.every((each) => typeof each.file === "string" && typeof each.sha256 === "string") &&
    isList<Partial<IndexedFile>>(files) &&
    files.every(isFile);
  if (!valid) throw new Error("fields are missing");
  const index = value as DeviceIndex;
  if (index.sha256 !== digestOf(index)) throw new Error("it was changed");
  return index;
}

function isFile(file: Partial<IndexedFile>, index: number): boolean {
  const { path, executable, runs } = file;
  return (
    typeof path === "string" &&
    // It becomes a path below the image's folder, and must not lead out of it.
    path.split("/").every((part) => part !== "" && part !== "." && part !== "..") &&
    typeof executable === "boolean" &&
    isList<readonly unknown[]>(runs) &&
    runs.every((run) => isRun(run, index))
  );
}

function isRun(run: readonly unknown[], file: number): boolean {
  const [kind, ...numbers] = run;
  if (!numbers.every(isCount)) return false;
  if (kind === "copy") return numbers.length === 3 && Number(numbers[0]) <= file;
  return (kind === "data" || kind === "zeros") && numbers.length === 1;
}

function isList<T>(value: unknown): value is readonly T[] {
  return Array.isArray(value) && value.every((each) => typeof each === "object" && each !== null);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
