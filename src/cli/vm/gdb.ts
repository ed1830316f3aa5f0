/** `avf gdb`: starts gdb attached to a VM that was started with a gdb stub. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { constants } from "node:os";
import { listGdbNotes, type GdbNote } from "../../device/gdb-notes.js";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { parseCommandLine } from "../command-line.js";

const ADDRESS = /^(?:127\.0\.0\.1:|localhost:)?(\d{1,5})$/;

/** gdb asks again after two seconds, which a busy device may need, and then takes answers for those to other questions. */
const ANSWER_SECONDS = 60;

export async function run(args: readonly string[]): Promise<number> {
  const split = args.indexOf("--");
  const [own, forGdb] = split < 0 ? [args, []] : [args.slice(0, split), args.slice(split + 1)];
  const { values, positionals } = parseCommandLine("gdb", own, { least: 0, most: 1 });
  const address = addressOf(positionals[0], values.device);
  const { vmlinux } = values;
  if (vmlinux !== undefined && !existsSync(vmlinux)) {
    throw new UsageError("NO_VMLINUX", `There is no file ${vmlinux}.`, {
      hint: "a vmlinux with debug information, as the kernel's build leaves it beside its image",
    });
  }
  const attach = ["-ex", `set remotetimeout ${ANSWER_SECONDS}`, "-ex", `target remote ${address}`];
  const argv = [...(vmlinux === undefined ? [] : [vmlinux]), ...attach, ...forGdb];
  // Ctrl-C is gdb's: it stops the guest.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  try {
    const child = spawn("gdb", argv, { stdio: "inherit", env: process.env });
    const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  } catch (cause) {
    throw new InfrastructureError("NO_GDB", "gdb could not be started.", {
      ...{ cause, hint: "sudo apt install gdb (gdb-multiarch for VMs of another architecture)" },
    });
  } finally {
    process.off("SIGINT", ignore);
  }
}

/** A VM's name, or the address as `vm.gdb` has it; without either, the only VM that has a stub. */
function addressOf(wanted: string | undefined, device: string | undefined): string {
  const all = listGdbNotes();
  const found = all.filter(
    ({ vm, serial }) => (wanted === undefined || vm === wanted) && (device === undefined || serial === device),
  );
  const [only] = found;
  // The name of a VM may be a number.
  const port = wanted === undefined || only !== undefined ? undefined : ADDRESS.exec(wanted)?.[1];
  if (port !== undefined) return `127.0.0.1:${port}`;
  if (only !== undefined && found.length === 1) return `127.0.0.1:${only.port}`;
  const problem =
    found.length > 1
      ? "Several VMs have a gdb stub."
      : `No VM${wanted === undefined ? "" : ` "${wanted}"`} has a gdb stub.`;
  throw new UsageError("WHICH_GDB", problem, { hint: hintOf(all) });
}

function hintOf(notes: readonly GdbNote[]): string {
  if (notes.length === 0) return "start one with vm.run({ gdb: true })";
  const lines = notes.map(
    ({ vm, serial, port }) => `\n  ${printableLine(vm)} on ${printableLine(serial)}: 127.0.0.1:${port}`,
  );
  return `name one, with --device SERIAL if it takes that, or an address:${lines.join("")}`;
}
