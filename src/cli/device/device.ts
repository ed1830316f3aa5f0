/** `avf device start | stop | list | shell`: emulated devices that outlive the command. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { UsageError } from "../../base/errors.js";
import { cacheFolder } from "../../base/paths.js";
import { openAdbServer } from "../../device/index.js";
import {
  listRunning,
  startEmulatedDevice,
  stopEmulatedDevice,
  sweepDevices,
  type DeviceRecord,
  type EmulatedDevice,
} from "../../emulator/index.js";
import { parseCommandLine, unknownVerb } from "../command-line.js";
import { onInterrupt } from "../interrupt.js";
import { showProgress } from "../progress.js";

export async function run([verb, ...rest]: readonly string[]): Promise<number> {
  switch (verb) {
    case "start":
      return start(rest);
    case "stop":
      return stop(rest);
    case "list":
      return list(rest);
    case "shell":
      return shell(rest);
    default:
      throw unknownVerb("device", verb, ["start", "stop", "list", "shell"]);
  }
}

async function start(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine("device start", args, { least: 0, most: 0 });
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const device = await startEmulatedDevice({
      name: values.name,
      port: parsePort(values.port),
      cpus: parseCpus(values.cpus),
      cold: values.cold ?? false,
      detached: true,
      progress,
      signal: interrupt.signal,
    });
    progress.done();
    tellStarted(device, values.json ?? false);
    return 0;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** People read what to type next; a script (`serial=$(avf device start)`) reads the serial, and people what is on stderr. */
function tellStarted(device: EmulatedDevice, json: boolean): void {
  const { name, serial, release, accelerator, cpus, adbPort } = device;
  const hints = [
    `${name} is up: Android ${release}, ${accelerator}.`,
    `  adb -s ${serial} shell`,
    `  npx avf device stop ${name}`,
    "",
  ].join("\n");
  if (json) {
    process.stdout.write(`${JSON.stringify({ name, serial, adbPort, release, accelerator, cpus }, undefined, 2)}\n`);
  } else if (process.stdout.isTTY) {
    process.stdout.write(hints);
  } else {
    process.stderr.write(hints);
    process.stdout.write(`${serial}\n`);
  }
}

function parseCpus(text: string | undefined): 1 | 2 | undefined {
  if (text === undefined) return undefined;
  if (text === "1") return 1;
  if (text === "2") return 2;
  throw new UsageError("BAD_OPTION", `A device has 1 or 2 processors, not ${JSON.stringify(text)}.`);
}

async function stop(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("device stop", args, { least: 0, most: 1 });
  const cache = cacheFolder();
  const names = values.all
    ? (await detachedDevices()).map((device) => device.name)
    : [positionals[0] ?? (await onlyDevice("give its name, or --all")).name];
  for (const name of names) {
    await stopEmulatedDevice(cache, name);
    process.stdout.write(`${name} stopped\n`);
  }
  if (names.length === 0) process.stdout.write("no device that avf device start has started is running\n");
  await sweepDevices(cache);
  return 0;
}

async function list(args: readonly string[]): Promise<number> {
  const { values } = parseCommandLine("device list", args, { least: 0, most: 0 });
  const devices = await listRunning(cacheFolder());
  if (values.json) {
    const shown = devices.map(({ name, serial, release, accelerator, startedAt, owner, machine }) => ({
      ...{ name, serial, release, accelerator, startedAt },
      pid: machine?.pid,
      ownerPid: owner?.pid ?? null,
    }));
    process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
    return 0;
  }
  if (devices.length === 0) process.stdout.write("no emulated device is running; npx avf device start starts one\n");
  for (const device of devices) {
    const owner = device.owner === null ? "" : `  (of process ${device.owner.pid})`;
    process.stdout.write(
      `${device.name.padEnd(12)} ${device.serial.padEnd(16)} Android ${device.release}  ${device.accelerator}${owner}\n`,
    );
  }
  return 0;
}

/** An interactive shell, or one command: `avf device shell [NAME] [-- COMMAND...]`. */
async function shell(args: readonly string[]): Promise<number> {
  const split = args.indexOf("--");
  const own = split < 0 ? args : args.slice(0, split);
  const [name] = parseCommandLine("device shell", own, { least: 0, most: 1 }).positionals;
  const command = split < 0 ? [] : args.slice(split + 1);
  const devices = await listRunning(cacheFolder());
  const device = name === undefined ? await onlyDevice("give its name") : devices.find((each) => each.name === name);
  if (device === undefined) {
    const names = devices.map((each) => each.name).join(", ");
    throw new UsageError("NO_SUCH_DEVICE", `No emulated device "${String(name)}" runs.`, {
      hint: names === "" ? "none does; npx avf device start makes one" : `these do: ${names}`,
    });
  }
  const [adb = "", ...server] = (await openAdbServer()).command;
  const child = spawn(adb, [...server, "-s", device.serial, "shell", ...command], { stdio: "inherit" });
  // The terminal sends Ctrl-C to the child as well, which knows what to do with it.
  const interrupt = onInterrupt();
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 1)));
  });
  interrupt.dispose();
  return code;
}

async function onlyDevice(hint: string): Promise<DeviceRecord> {
  const devices = await detachedDevices();
  const [device] = devices;
  if (device !== undefined && devices.length === 1) return device;
  if (devices.length > 1) {
    const names = devices.map(({ name }) => name).join(", ");
    throw new UsageError("WHICH_DEVICE", `Several emulated devices run: ${names}.`, { hint });
  }
  throw new UsageError("WHICH_DEVICE", "No device that avf device start has started is running.", {
    hint: "npx avf device start makes one",
  });
}

/** Those that `avf device start` made; a test run's own are not for others to end. */
async function detachedDevices(): Promise<readonly DeviceRecord[]> {
  return (await listRunning(cacheFolder())).filter((device) => device.owner === null);
}

function parsePort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1024 && port <= 65535) return port;
  throw new UsageError("BAD_ARGUMENTS", `--port takes a number from 1024 to 65535, not "${text}".`);
}
