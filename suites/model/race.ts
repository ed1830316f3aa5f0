/**
 * One side of a race for names: random calls of one process, each recorded with its time. It runs in a suite and in a
 * program of its own, and so gets the library as a value.
 */
import type { isHarnessError, VirtualMachine, VirtualMachineConfig, VirtualMachineManager } from "jest-avf";

export const RACE_NAMES = ["vm1", "vm2"] as const;

/** A finished call. Times are from the machine's monotonic clock, which all processes share. */
export interface RaceCall {
  readonly process: string;
  readonly call: "create" | "get" | "delete" | "run" | "stop";
  readonly name: string;
  /** `ok`, `null`, or the code of the refusal. */
  readonly outcome: string;
  readonly words: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Of a VM that was started. */
  readonly cid?: number | undefined;
}

/** On a busy machine a call takes a second, and few of them run a VM. */
const FIRST_RUN_MS = 60_000;

export interface Racer {
  readonly process: string;
  readonly isHarnessError: typeof isHarnessError;
  readonly manager: VirtualMachineManager;
  readonly config: VirtualMachineConfig;
  /** And up to `FIRST_RUN_MS` more until a VM ran. */
  readonly durationMs: number;
}

/** Creates, gets, deletes, runs and stops until the time is up, then stops and deletes what is its own. */
export async function race(racer: Racer): Promise<readonly RaceCall[]> {
  const { process, manager, config } = racer;
  const calls: RaceCall[] = [];
  const vms = new Map<string, VirtualMachine>();
  const note = async (call: RaceCall["call"], name: string, work: () => Promise<unknown>): Promise<void> => {
    const startMs = nowMs();
    const { outcome, words } = await outcomeOf(racer, work);
    const cid = call === "run" && outcome === "ok" ? vms.get(name)?.cid : undefined;
    calls.push({ process, call, name, outcome, words, startMs, endMs: nowMs(), cid });
  };
  const keep = (name: string, vm: VirtualMachine | null): VirtualMachine | null => {
    if (vm) vms.set(name, vm);
    return vm;
  };
  const MOVES: readonly ((name: string) => Promise<void>)[] = [
    (name) => note("create", name, async () => keep(name, await manager.create(name, config))),
    (name) => note("create", name, async () => keep(name, await manager.create(name, config))),
    (name) => note("get", name, async () => keep(name, await manager.get(name))),
    (name) => note("delete", name, () => manager.delete(name)),
    async (name) => {
      const vm = vms.get(name);
      if (vm) await note("run", name, () => vm.run());
    },
  ];
  const endMs = nowMs() + racer.durationMs;
  const hasRun = (): boolean => calls.some(({ call, outcome }) => call === "run" && outcome === "ok");
  // A race in which a side never ran a VM would prove little; once the other side is done, it soon does.
  const isOver = (): boolean => nowMs() >= endMs && (hasRun() || nowMs() >= endMs + FIRST_RUN_MS);
  while (!isOver()) {
    const name = oneOf(RACE_NAMES);
    const vm = vms.get(name);
    // A running VM is left alone for a few moves; its object is not replaced, or nothing could stop it.
    if (vm?.status !== "RUNNING") await oneOf(MOVES)(name);
    else if (Math.random() < 0.5) await note("stop", name, () => vm.stop());
    else await note("delete", name, () => manager.delete(name));
  }
  for (const [name, vm] of vms) if (vm.status === "RUNNING") await note("stop", name, () => vm.stop());
  for (const name of RACE_NAMES) await note("delete", name, () => manager.delete(name));
  return calls;
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function oneOf<T>(values: readonly T[]): T {
  return values[Math.floor(Math.random() * values.length)]!;
}

async function outcomeOf(racer: Racer, work: () => Promise<unknown>): Promise<{ outcome: string; words: string }> {
  try {
    return { outcome: (await work()) === null ? "null" : "ok", words: "" };
  } catch (error) {
    if (!racer.isHarnessError(error)) throw error;
    const cause = error.cause instanceof Error ? ` (${error.cause.message})` : "";
    return { outcome: error.code, words: `${error.message}${cause}` };
  }
}
