/** The race's other process: `node -r esbuild-register race-process.ts SERIAL APK MS`; its calls go to stdout as JSON, and it stays until stdin ends. */
import { once } from "node:events";
import { App, isHarnessError, openDevice } from "jest-avf/node";
import { race } from "./race";

async function main([serial, apk, durationMs]: readonly string[]): Promise<void> {
  if (serial === undefined || apk === undefined) throw new Error("usage: race-process.ts SERIAL APK MS");
  await using device = await openDevice({ serial });
  const app = new App(await device.installApk(apk));
  const config = app.vmConfig("assets/vm_config.json").build();
  // The other side begins when it reads this.
  process.stdout.write("ready\n");
  const racer = { process: "b", isHarnessError, manager: app.vmm, config, durationMs: Number(durationMs) };
  process.stdout.write(`${JSON.stringify(await race(racer))}\n`);
  // Closing the device removes the app's files, which the other side may still need.
  await once(process.stdin.resume(), "end");
}

void main(process.argv.slice(2));
