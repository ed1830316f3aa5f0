/** `assets/vm_config.json` and its like: what a VM runs (AVF: `microdroid/payload/config`). */
import { ApkError } from "./apk-error.js";

export interface PayloadConfig {
  readonly os: string;
  readonly task: PayloadTask | undefined;
  readonly apexes: readonly string[];
  readonly extraApks: readonly string[];
  readonly preferStaged: boolean;
  /** Absent: tombstones go to the host when the VM is debuggable. */
  readonly exportTombstones: boolean | undefined;
  readonly enableAuthfs: boolean;
  readonly hugepages: boolean;
}

export interface PayloadTask {
  readonly type: "executable" | "microdroid_launcher";
  readonly command: string;
  /** Given to the payload on Android 13; Android 15 ignores them. */
  readonly args: readonly string[];
}

export interface PayloadConfigOptions {
  /** Android release: 13 demands `export_tombstones`; 15 refuses any other OS name than microdroid. Default 15. */
  readonly dialect?: 13 | 15;
  /** Name for error texts. */
  readonly name?: string;
}

type Fields = Readonly<Record<string, unknown>>;

const MAX_CONFIG_BYTES = 1024 * 1024;
const MAX_ITEMS = 1024;

/** Unknown keys are ignored, as Android does. */
export function parsePayloadConfig(
  json: Uint8Array | string,
  { dialect = 15, name = "payload config" }: PayloadConfigOptions = {},
): PayloadConfig {
  const fields = asObject(parseJson(json, name), name);
  const os = readOs(fields, name);
  if (dialect === 15 && os !== "" && os !== "microdroid") throw bad(`os.name is ${JSON.stringify(os)}`, `${name}, os`);
  const exportTombstones = optionalBoolean(fields, "export_tombstones", name);
  if (dialect === 13 && exportTombstones === undefined) {
    throw bad("is missing; Android 13 demands it", `${name}, export_tombstones`);
  }
  return {
    os: os === "" ? "microdroid" : os,
    task: fields["task"] === undefined || fields["task"] === null ? undefined : readTask(fields["task"], name),
    apexes: readNames(fields, "apexes", "name", name),
    extraApks: readNames(fields, "extra_apks", "path", name),
    preferStaged: optionalBoolean(fields, "prefer_staged", name) ?? false,
    exportTombstones,
    enableAuthfs: optionalBoolean(fields, "enable_authfs", name) ?? false,
    hugepages: optionalBoolean(fields, "hugepages", name) ?? false,
  };
}

function parseJson(json: Uint8Array | string, name: string): unknown {
  if (json.length > MAX_CONFIG_BYTES) {
    throw new ApkError("LIMIT_EXCEEDED", `${json.length} bytes; at most ${MAX_CONFIG_BYTES} are read`, { field: name });
  }
  try {
    return JSON.parse(typeof json === "string" ? json : Buffer.from(json).toString("utf8"));
  } catch (cause) {
    throw new ApkError("BAD_PAYLOAD_CONFIG", `not JSON: ${cause instanceof Error ? cause.message : "?"}`, {
      field: name,
      cause,
    });
  }
}

function readOs(fields: Fields, name: string): string {
  const os = fields["os"];
  if (os === undefined || os === null) return "";
  return readString(asObject(os, `${name}, os`), "name", `${name}, os`);
}

function readTask(value: unknown, name: string): PayloadTask {
  const field = `${name}, task`;
  const task = asObject(value, field);
  const type = task["type"] ?? "executable";
  if (type !== "executable" && type !== "microdroid_launcher") {
    throw bad(`is ${JSON.stringify(type)}, not executable or microdroid_launcher`, `${field}, type`);
  }
  const command = readString(task, "command", field);
  const args = readList(task, "args", field).map((arg) => {
    if (typeof arg !== "string") throw bad("holds something that is no string", `${field}, args`);
    return arg;
  });
  return { type, command, args };
}

function readNames(fields: Fields, key: string, inner: string, name: string): readonly string[] {
  return readList(fields, key, name).map((one, index) => {
    const field = `${name}, ${key} ${index}`;
    return readString(asObject(one, field), inner, field);
  });
}

function readList(fields: Fields, key: string, name: string): readonly unknown[] {
  const value = fields[key] ?? [];
  if (!Array.isArray(value)) throw bad("is no array", `${name}, ${key}`);
  if (value.length > MAX_ITEMS) throw bad(`has ${value.length} items; at most ${MAX_ITEMS}`, `${name}, ${key}`);
  return value;
}

function optionalBoolean(fields: Fields, key: string, name: string): boolean | undefined {
  const value = fields[key];
  if (value === undefined || value === null || typeof value === "boolean") return value ?? undefined;
  throw bad("is neither true nor false", `${name}, ${key}`);
}

function readString(fields: Fields, key: string, name: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw bad(value === undefined ? "is missing" : "is no string", `${name}, ${key}`);
  if (value.includes("\0")) throw bad("has a NUL", `${name}, ${key}`);
  return value;
}

function asObject(value: unknown, field: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw bad("is no object", field);
}

function bad(reason: string, field: string): ApkError {
  return new ApkError("BAD_PAYLOAD_CONFIG", `${field} ${reason}`, { field });
}
