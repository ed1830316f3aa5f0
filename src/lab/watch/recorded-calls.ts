/**
 * Calls that tests make on a VM or a manager: noted in the run's record, and as what a test is busy with. In place, where
 * devices and services are decorated: there is one object for each VM, which tests compare and find again by its name.
 */
import { clockMs } from "../../artifacts/clock.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { describeError } from "../../base/errors.js";
import type { VirtualMachine, VirtualMachineManager } from "../../virtualmachine/index.js";

const VM_CALLS = ["run", "stop", "close", "delete", "setConfig", "connectVsock", "toDescriptor"] as const;
const MANAGER_CALLS = ["create", "get", "getOrCreate", "delete", "importFromDescriptor"] as const;

/** Waits of a VM, which the record tells by what they wait for. */
const VM_WAITS = ["waitFor", "waitUntil", "waitForStatus", "waitForConsole", "watchConsole"] as const;

/** Does the work, and notes meanwhile what the test that called is busy with. */
export type Busy = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** The VM a call is about. */
interface CallSubject {
  readonly vm?: string;
  readonly machine?: number;
}

const recorded = new WeakSet<object>();
const MAX_ARGUMENT_LENGTH = 120;

type Method = (this: unknown, ...args: readonly unknown[]) => Promise<unknown>;

/** From now on the calls of a VM are noted. Once for each VM. */
export function recordVmCalls(record: RunRecord, busy: Busy, vm: VirtualMachine, subject: Required<CallSubject>): void {
  const ofVm = ` of VM "${subject.vm}"`;
  overlay(vm, [...VM_CALLS, ...VM_WAITS], (name, method) => {
    const isWait = (VM_WAITS as readonly string[]).includes(name);
    return whileBusy(
      busy,
      (args) => describeCall(name, args) + ofVm,
      isWait ? method : noted(record, name, method, subject),
    );
  });
}

/** The same of a manager. */
export function recordManagerCalls(record: RunRecord, busy: Busy, manager: VirtualMachineManager): void {
  overlay(manager, MANAGER_CALLS, (name, method) =>
    whileBusy(busy, (args) => `vmm.${describeCall(name, args)}`, noted(record, name, method, {})),
  );
}

/** Lays a method of the same name over each of those named, which is not seen by comparisons. */
function overlay<T extends object>(
  target: T,
  names: readonly (keyof T & string)[],
  wrap: (name: string, method: Method) => Method,
): void {
  if (recorded.has(target)) return;
  recorded.add(target);
  for (const name of names) {
    const method: unknown = target[name];
    if (typeof method !== "function") continue;
    const value = wrap(name, method as Method);
    Object.defineProperty(target, name, { value, enumerable: false, configurable: true, writable: true });
  }
}

function whileBusy(busy: Busy, what: (args: readonly unknown[]) => string, method: Method): Method {
  return function (this: unknown, ...args) {
    return busy(`waiting in ${what(args)}`, async () => method.apply(this, args as unknown[]));
  };
}

/** `exec(["true"])`: a call as it is written, shortened. */
export function describeCall(name: string, args: readonly unknown[]): string {
  return `${name}(${args.map(describeArgument).join(", ")})`;
}

function noted(record: RunRecord, call: string, method: Method, subject: CallSubject): Method {
  return async function (this: unknown, ...args) {
    const startMs = clockMs();
    const note = (failure?: string): void => {
      const durationMs = clockMs() - startMs;
      const event = { kind: "api-call", call, ...subject, args: args.map(describeArgument), durationMs } as const;
      record.add(failure === undefined ? event : { ...event, failure }, startMs);
    };
    try {
      const result = await method.apply(this, args as unknown[]);
      note();
      return result;
    } catch (error) {
      note(describeError(error));
      throw error;
    }
  };
}

function describeArgument(value: unknown): string {
  const text = argumentText(value);
  return text.length > MAX_ARGUMENT_LENGTH ? `${text.slice(0, MAX_ARGUMENT_LENGTH)}…` : text;
}

function argumentText(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null || value instanceof RegExp) return String(value);
  if (Array.isArray(value)) return `[${value.map(argumentText).join(", ")}]`;
  const name = (value as { constructor?: { name?: string } }).constructor?.name ?? "Object";
  if (name !== "Object") return name;
  // Options, of which the signal says nothing.
  const entries = Object.entries(value).filter(([, each]) => typeof each !== "object" && each !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, each]) => `${key}: ${argumentText(each)}`).join(", ")} }`;
}
