/** `vm run-microdroid`: needs the APEX's own empty payload APK, which this device does not have. */
import { readdir } from "node:fs/promises";
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import type { ParsedArguments } from "../command-line/arguments.js";
import { ToolError } from "../rust-text.js";

const APP_FOLDER = "/apex/com.android.virt/app";

export async function runMicrodroid(device: Device, _caller: Caller, _args: ParsedArguments): Promise<number> {
  const apps = await readdir(device.paths.resolve(APP_FOLDER), { recursive: true }).catch((): string[] => []);
  if (!apps.some((name) => /(^|\/)EmptyPayloadApp[^/]*\.apk$/.test(name))) {
    throw new ToolError(`No apks match ${APP_FOLDER}/**/EmptyPayloadApp*.apk`);
  }
  throw new ToolError("run-microdroid is not supported on this device");
}
