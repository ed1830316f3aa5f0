/** Files on the device, by what toybox and busybox have in common. */
import { randomBytes } from "node:crypto";
import { HarnessError, UsageError } from "../base/errors.js";
import type { Device, DeviceCallOptions } from "../device/contract.js";
import { lastLines } from "../device/index.js";
import type { RemoteFiles } from "./contract.js";
import { checkDevicePath } from "./tool.js";

const COPY_TIMEOUT_MS = 120_000;
/** As base64 it still fits a shell's command line; what is written is short: configs and ids. */
const MAX_ARGUMENT_BYTES = 48 << 10;
/** In a claimed folder until the claim is kept. */
const MARK_FILE = ".claim";
const NOT_CLAIMED = 44;
const NO_PARENT = 45;

export function remoteFiles(device: Device): RemoteFiles {
  return new DeviceFiles(device);
}

class DeviceFiles implements RemoteFiles {
  constructor(private readonly device: Device) {}

  async claimFolder(path: string, mark: string): Promise<boolean> {
    const script = `mkdir -p "\${1%/*}" || exit ${NO_PARENT}; mkdir "$1" && printf %s "$2" > "$1/$3"`;
    const argv = ["sh", "-c", script, "sh", checkDevicePath(path), mark, MARK_FILE];
    const { exitCode, output } = await this.device.execShort(argv);
    if (exitCode === 0) return true;
    if (exitCode !== NO_PARENT && /: File exists$/m.test(output)) return false;
    throw fileFailure(this.device.serial, "create folder", path, output);
  }

  async keepClaim(path: string, mark: string): Promise<boolean> {
    return this.#ifClaimed(path, mark, 'rm "$1/$3"');
  }

  async undoClaim(path: string, mark: string): Promise<void> {
    await this.#ifClaimed(removable(path), mark, 'rm -rf "$1"');
  }

  async removeClaimed(folder: string, mark: string, name: string): Promise<boolean> {
    return this.#ifClaimed(folder, mark, `[ -f "$1/$4" ] || exit ${NOT_CLAIMED}; rm "$1/$4"`, name);
  }

  async ensureFolder(path: string): Promise<void> {
    await this.#run("create folder", path, ["mkdir", "-p", checkDevicePath(path)]);
  }

  async exists(path: string): Promise<boolean> {
    checkDevicePath(path);
    // A link to nothing is there, too.
    const argv = ["sh", "-c", '[ -e "$1" ] || [ -L "$1" ]', "sh", path];
    const { exitCode, output } = await this.device.execShort(argv);
    if (exitCode === 0) return true;
    if (exitCode === 1 && output === "") return false;
    throw fileFailure(this.device.serial, "look at", path, output);
  }

  async read(path: string): Promise<Buffer | undefined> {
    return this.device.readFile(checkDevicePath(path));
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    const bytes = Buffer.from(content);
    if (bytes.length > MAX_ARGUMENT_BYTES) {
      const message = `${path} on ${this.device.serial} cannot be written: ${bytes.length} bytes, more than ${MAX_ARGUMENT_BYTES}.`;
      throw new UsageError("TOO_LONG", message, { hint: "device.push() takes content of any length" });
    }
    // Not by adb's push, which makes the folders that are missing.
    const script = 'printf %s "$1" | base64 -d >"$2" && mv -f "$2" "$3" || { rm -f "$2"; exit 1; }';
    const temporary = `${checkDevicePath(path)}.${randomBytes(4).toString("hex")}.tmp`;
    await this.#run("write", path, ["sh", "-c", script, "sh", bytes.toString("base64"), temporary, path]);
  }

  async copy(from: string, to: string, call: DeviceCallOptions = {}): Promise<void> {
    const temporary = `${checkDevicePath(to)}.${randomBytes(4).toString("hex")}.tmp`;
    const script = 'cp "$1" "$2" && mv -f "$2" "$3" || { rm -f "$2"; exit 1; }';
    await this.#run("copy", from, ["sh", "-c", script, "sh", checkDevicePath(from), temporary, to], call);
  }

  async remove(path: string): Promise<void> {
    const plain = removable(path);
    const aside = `${plain.slice(0, plain.lastIndexOf("/"))}/.gone-${randomBytes(8).toString("hex")}`;
    await this.#run("remove", plain, ["sh", "-c", REMOVE, "sh", plain, aside]);
  }

  async list(path: string): Promise<readonly string[]> {
    const folder = checkDevicePath(path).replace(/\/+$/, "");
    const argv = ["find", `${folder}/`, "-mindepth", "1", "-maxdepth", "1", "-print0"];
    const result = await this.device.execUnchecked(argv, { timeoutMs: COPY_TIMEOUT_MS });
    if (result.exitCode !== 0) throw fileFailure(this.device.serial, "list", folder, result.stderr);
    return result.stdout
      .split("\0")
      .filter((entry) => entry !== "")
      .map((entry) => entry.slice(entry.lastIndexOf("/") + 1))
      .sort();
  }

  /** Looks and acts in one go of the device's shell: between two, the folder could change hands. */
  async #ifClaimed(path: string, mark: string, action: string, name = ""): Promise<boolean> {
    const script = `[ "$(cat "$1/$3" 2>/dev/null)" = "$2" ] || exit ${NOT_CLAIMED}; ${action}`;
    const argv = ["sh", "-c", script, "sh", checkDevicePath(path), mark, MARK_FILE, name];
    const { exitCode, output } = await this.device.execShort(argv, { timeoutMs: COPY_TIMEOUT_MS });
    if (exitCode === NOT_CLAIMED) return false;
    if (exitCode === 0) return true;
    throw fileFailure(this.device.serial, "settle", path, output);
  }

  async #run(verb: string, path: string, argv: readonly string[], call: DeviceCallOptions = {}): Promise<void> {
    const { exitCode, output } = await this.device.execShort(argv, { timeoutMs: COPY_TIMEOUT_MS, ...call });
    if (exitCode !== 0) throw fileFailure(this.device.serial, verb, path, output);
  }
}

/** A command about a file of a VM failed on a device that is there. */
export function fileFailure(serial: string, verb: string, path: string, said: string): HarnessError {
  const words = said.trim();
  return new HarnessError("vm", "DEVICE_FILE", `Could not ${verb} ${path} on ${serial}: ${words}`, {
    hint: /Permission denied|Read-only/.test(words) ? "a shell may write below /data/local/tmp" : undefined,
    lastLines: words.includes("\n") ? lastLines(words) : undefined,
  });
}

/**
 * The name is free in one step, and nobody ever sees half a folder. What somebody else removed first is removed; two that
 * remove one folder with `rm` alone get in each other's way. Why `mv` failed stands at the end of what it says; before it is
 * the name, which may be anything.
 */
const REMOVE = [
  'said=$(mv "$1" "$2" 2>&1) && exec rm -rf "$2"',
  'case "$said" in *": No such file or directory") exit 0 ;; esac',
  'printf "%s\\n" "$said" >&2; exit 1',
].join("; ");

/** A slash at the end would make `rm` follow a link, and nobody means to remove /data or /data/local/tmp itself. */
function removable(path: string): string {
  const plain = checkDevicePath(path).replace(/\/+$/, "");
  if (plain.split("/").filter(Boolean).length >= 4) return plain;
  throw new UsageError("DEVICE_PATH", `Refusing to remove ${JSON.stringify(path)}: too near the root.`);
}
