/**
 * Guests that emulated processors lose. QEMU's TCG keeps the vector of an interrupt that it has injected into a VM
 * (`helper_vmrun` of target/i386/tcg, up to 11.1 at least), and injects it again if something else has the processor look
 * up before the VM exits. In some hundreds of boots that resets or hangs one guest, whatever its kernel and its payload do.
 * Such a guest says nothing: there is no panic, no reason, no report. Once, that is the lab's; twice in a row it is not.
 */
import { reasonName } from "../../virtualmachine/constants.js";
import { BOOTED, stageIndex, type Transition, type VirtualMachine } from "../../virtualmachine/index.js";
import { harnessErrorBehind, isJestTimeout, thrownError, type JestError } from "./test-errors.js";

/** Reasons that stand for a guest that gave none. */
const WITHOUT_A_WORD = ["CRASH", "REBOOT", "HANGUP"];

/** As much of a VM as is looked at. */
type WatchedVm = Pick<VirtualMachine, "boot" | "events" | "transitions" | "getName">;
type RunningVm = WatchedVm & Pick<VirtualMachine, "cid" | "control" | "getConfig" | "status">;

/**
 * What to say of the VM that was lost and made the test fail; undefined when none was.
 * @param error the first of the test's errors
 */
export function describeLostGuest(error: JestError, vms: readonly WatchedVm[]): string | undefined {
  const behind = harnessErrorBehind(thrownError(error));
  // Only the VM that the failure is about: another one may well have ended as the test wanted.
  if (behind?.kind !== "vm" || !("vmName" in behind)) return undefined;
  const vm = vms.find((each) => each.getName() === behind.vmName);
  if (vm === undefined || spoke(vm)) return undefined;
  const how = behind.code === "BOOT_STALLED" ? "no progress" : lostHow(vm.transitions);
  return how === undefined ? undefined : tell(`ended without a message of its kernel (${how})`, vm);
}

/**
 * The same of one that hung after its boot: its monitor runs it, and its kernel answers nobody.
 * @param answers whether the kernel of a guest answers
 */
export async function describeHungGuest(
  error: JestError,
  vms: readonly RunningVm[],
  answers: (cid: number) => Promise<boolean>,
): Promise<string | undefined> {
  for (const vm of vms) {
    if (vm.cid === undefined || !mayHaveHung(vm) || !isAbout(error, vm)) continue;
    if (!(await answers(vm.cid))) return tell("hangs: its kernel answers no vsock packet, and said nothing of it", vm);
  }
  return undefined;
}

function tell(what: string, vm: WatchedVm): string {
  return (
    `The guest of VM "${vm.getName()}" ${what}. Emulated processors (TCG) ` +
    "lose a guest once in some hundreds of boots: this counts as an infrastructure failure, unless it happens again."
  );
}

/**
 * One that boots, or has a kernel of its own, need not have a driver for vsock, and one that a debugger holds answers
 * nobody.
 */
function mayHaveHung(vm: RunningVm): boolean {
  const { stage } = vm.boot;
  const hasBooted = stage !== undefined && stageIndex(stage) >= stageIndex(BOOTED);
  const isMicrodroid = vm.getConfig().getCustomImageConfig() === undefined;
  return vm.status === "RUNNING" && hasBooted && isMicrodroid && !vm.control.journal.hold.isHeld && !spoke(vm);
}

/** It waited for that VM, or for what is not known to be another's. */
function isAbout(error: JestError, vm: WatchedVm): boolean {
  const thrown = thrownError(error);
  const behind = harnessErrorBehind(thrown);
  if (behind === undefined) return isJestTimeout(thrown);
  if ("vmName" in behind) return behind.vmName === vm.getName() && behind.kind !== "usage";
  return behind.code === "TIMEOUT";
}

/** Its kernel panicked, its payload crashed, or its init reported an error, in the latest run. */
function spoke({ boot, events, transitions }: WatchedVm): boolean {
  const run = transitions.at(-1)?.run;
  return (
    boot.trouble !== undefined || events.history.some((entry) => entry.run === run && entry.event.kind === "error")
  );
}

function lostHow(transitions: readonly Transition[]): string | undefined {
  const death = transitions.findLast(({ cause }) => cause.kind === "died");
  if (death?.cause.kind !== "died" || death.run !== transitions.at(-1)?.run) return undefined;
  const reason = reasonName(death.cause.reason);
  return WITHOUT_A_WORD.includes(reason) ? reason : undefined;
}
