/** A VM's life on the terminal: status changes, reports of its payload, console lines; each line under the VM's name. */
import pc from "picocolors";
import { printableLine } from "../../base/printable.js";
import type { LifecycleEvent, Transition, VirtualMachine } from "../../virtualmachine/index.js";

const COLOURS = [pc.cyan, pc.magenta, pc.yellow, pc.green];
const NAME_WIDTH = 4;

/** Shows everything from now on. `index` picks the colour. */
export function showVm(vm: VirtualMachine, index: number): void {
  const colour = COLOURS[index % COLOURS.length] ?? pc.cyan;
  const print = (mark: string, text: string): void => {
    process.stdout.write(`${colour(`${vm.getName().padEnd(NAME_WIDTH)}${mark}`)} ${text}\n`);
  };
  const printTransition = (transition: Transition): void => print("●", pc.bold(describeTransition(transition)));
  vm.transitions.forEach(printTransition);
  vm.transitionLog.subscribe(printTransition);
  vm.events.subscribe(({ event }) => {
    const text = describeEvent(event);
    if (text !== undefined) print("·", text);
  });
  vm.output.subscribe(({ stream, text }) => {
    // The log repeats what the console says of the boot; both are in the record of a test run.
    if (stream === "console") print("│", printableLine(text));
  });
}

function describeTransition({ status, previous, cause }: Transition): string {
  const change = previous === undefined ? status : `${previous} → ${status}`;
  if (cause.kind === "run") return `${change}  CID ${cause.cid}`;
  if (cause.kind === "stop" || cause.kind === "died") {
    return `${change}  ${cause.reason.kind === "known" ? cause.reason.name : printableLine(cause.reason.raw)}`;
  }
  return change;
}

/** Undefined for what a status change shows already. */
function describeEvent(event: LifecycleEvent): string | undefined {
  switch (event.kind) {
    case "payload-started":
      return "payload started";
    case "payload-ready":
      return "payload is ready";
    case "payload-finished":
      return `payload finished with exit code ${event.exitCode}`;
    case "error":
      return `error: ${printableLine(event.message)}`;
    case "crash":
      return `crashed: ${printableLine(/^signal .*$/m.exec(event.report)?.[0] ?? "")}`;
    case "state":
    case "died":
      return undefined;
  }
}
