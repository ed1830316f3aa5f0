/** avfd: the one long-lived service of the emulated device. It owns properties, packages, the log and all VMs. */
import { describeError } from "../base/errors.js";
import { deviceCommands } from "./commands/index.js";
import { serveControl } from "./control/channel.js";
import { controlRequests } from "./control/requests.js";
import { createDevice } from "./create-device.js";
import { devicePaths } from "./device-paths.js";
import { loadKernel } from "./kernel.js";
import { followAdbdLog } from "./log/adbd-log.js";
import { listen } from "./server.js";

async function main(): Promise<void> {
  const paths = devicePaths(process.env);
  const device = createDevice(paths);
  const { log } = device;
  // One command that goes wrong in a way nobody thought of must not take the VMs of others down.
  process.on("uncaughtException", (error) => log.write("E", "avfd", `uncaught: ${error.stack ?? error.message}`));
  process.on("unhandledRejection", (reason) => log.write("E", "avfd", `unhandled: ${describeError(reason)}`));
  followAdbdLog(paths.adbdLog, log, (line) => void process.stderr.write(`${line}\n`));
  await device.virtualization.ready;
  const kernel = loadKernel(paths.kernelModule);
  await listen(paths.socket, deviceCommands(device), kernel.peerOf);
  log.write("I", "avfd", `listening at ${paths.socket}`);
  const stopped = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      stopped.abort();
      void device.virtualization.killAll().finally(() => process.exit(0));
    });
  }
  if (paths.control !== undefined) await serveControl(paths.control, controlRequests(device, kernel), stopped.signal);
}

void main().catch((error: unknown) => {
  process.stderr.write(`avfd: ${describeError(error)}\n`);
  process.exitCode = 1;
});
