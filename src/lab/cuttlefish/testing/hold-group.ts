/** A process of its own that has a device. */
import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";
import { until } from "../../../base/testing/until.js";

/** Settles when it has it. */
export async function holdGroup(address: URL): Promise<{ readonly child: ChildProcess; readonly group: string }> {
  const child = spawn(process.execPath, [join(__dirname, "group-holder.cjs"), address.href], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
  const group = await until("the device", () => /has (\S+)/.exec(output)?.[1], {
    timeoutMs: 60_000,
    hopeless: () => (child.exitCode === null ? undefined : "its process has ended"),
  });
  return { child, group };
}
