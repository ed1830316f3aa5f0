/** `vm run-microdroid`: a VM of the APEX's own empty payload, to look around in (AOSP vm/src/run.rs). */
import { existsSync } from "node:fs";
import { chown, lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { filesBelow } from "../../../../base/files/files-below.js";
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import { kernelRandomBytes } from "../../../kernel-random.js";
import type { ParsedArguments } from "../command-line/arguments.js";
import { dialectOf } from "../dialects/index.js";
import { runApp } from "./run-app.js";
import { ToolError, withContext } from "../rust-text.js";

const APP_FOLDER = "/apex/com.android.virt/app";
const PATTERN = `${APP_FOLDER}/**/EmptyPayloadApp*.apk`;
const PAYLOAD = "MicrodroidEmptyPayloadJniLib.so";
const WORK_FOLDERS = "/data/local/tmp/microdroid";
const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const NAME_LENGTH = 17;

export async function runMicrodroid(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const apk = findApk(device);
  caller.print(`found path ${apk}`);
  // Android's tool makes one of its own even when another is given.
  const made = await makeWorkFolder(device, caller);
  const folder = args.value("work-dir") ?? made;
  const idsig = join(folder, "apk.idsig");
  const instance = join(folder, "instance.img");
  caller.print(`apk.idsig path: ${idsig}`);
  caller.print(`instance.img path: ${instance}`);
  const given = new Map([["payload-binary-name", PAYLOAD]]);
  if (hasInstanceId(device)) {
    const instanceId = join(folder, "instance_id");
    caller.print(`instance_id file path: ${instanceId}`);
    given.set("instance-id-file", instanceId);
  }
  return runApp(device, caller, {
    positionals: [device.paths.resolve(apk), idsig, instance],
    flag: (long) => args.flag(long),
    value: (long) => given.get(long) ?? args.value(long),
    values: (long) => args.values(long),
    withoutEffect: args.withoutEffect,
  });
}

function findApk({ paths }: Device): string {
  const folder = paths.resolve(APP_FOLDER);
  const names = existsSync(folder) ? filesBelow(folder) : [];
  const found = names
    .filter((name) => /(^|\/)EmptyPayloadApp[^/]*\.apk$/.test(name))
    .map((name) => join(APP_FOLDER, name));
  if (found.length > 1) throw new ToolError(`Found more than one apk matching ${PATTERN}`);
  const [apk] = found;
  if (apk === undefined) throw new ToolError(`No apks match ${PATTERN}`);
  return apk;
}

async function makeWorkFolder({ paths }: Device, caller: Caller): Promise<string> {
  const random = [...kernelRandomBytes(NAME_LENGTH)];
  const name = random.map((byte) => ALPHANUMERIC[byte % ALPHANUMERIC.length] ?? "").join("");
  const path = join(WORK_FOLDERS, name);
  caller.print(`creating work dir ${path}`);
  await withContext("failed to mkdir", async () => {
    const parent = paths.resolve(WORK_FOLDERS);
    await makeOwned(parent, caller);
    // The caller owns the parent of this folder, and could have led us elsewhere.
    if (!(await lstat(parent)).isDirectory()) throw new ToolError(`${WORK_FOLDERS} is not a directory`);
    await makeOwned(join(parent, name), caller);
  });
  return path;
}

/** As the caller would have made it. */
async function makeOwned(path: string, { uid, gid }: Caller): Promise<void> {
  const made = await mkdir(path, { mode: 0o771 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );
  if (made) await chown(path, uid, gid);
}

function hasInstanceId({ identity }: Device): boolean {
  const { commands } = dialectOf(identity.release);
  const runAppSpec = commands.find(({ name }) => name === "run-app");
  return runAppSpec?.options.some(({ long }) => long === "instance-id-file") ?? false;
}
