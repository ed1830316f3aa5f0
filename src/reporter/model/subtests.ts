/** Tests that ran inside VMs, from the events that tell their results. */
import type { SubtestsEvent, SubtestStatus } from "../../artifacts/events/subtests.js";
import { isFields, number, text, texts } from "./event-text.js";
import type { SubtestModel } from "./run-model.js";

interface List {
  readonly id: number;
  readonly vm: string;
  readonly omitted: number;
  readonly cases: SubtestModel[];
}

const STATUSES: Readonly<Record<SubtestStatus, true>> = {
  ...{ passed: true, failed: true, skipped: true, "expected-failure": true, todo: true, missing: true },
};

/** Those of one attempt at a test. */
export class SubtestLists {
  /** By VM and its run: what is read again tells the same and more. */
  readonly #lists = new Map<string, List>();

  add(event: SubtestsEvent): void {
    const vm = text(event.vm);
    const key = JSON.stringify([vm, number(event.run)]);
    const id = number(event.list);
    let list = this.#lists.get(key);
    if (list?.id !== id) {
      list = { id, vm, omitted: number(event.omitted), cases: [] };
      this.#lists.set(key, list);
    }
    const cases: readonly unknown[] = Array.isArray(event.cases) ? event.cases : [];
    for (const entry of cases) if (isFields(entry)) list.cases.push(readCase(entry));
  }

  models(): readonly SubtestModel[] {
    const lists = [...this.#lists.values()];
    const severalVms = new Set(lists.map(({ vm }) => vm)).size > 1;
    return lists.flatMap(({ vm, cases, omitted }) => {
      const all = omitted === 0 ? cases : [...cases, omittedCases(omitted)];
      return severalVms ? all.map((one) => ({ ...one, names: [vm, ...one.names] })) : all;
    });
  }
}

function readCase(entry: Readonly<Record<string, unknown>>): SubtestModel {
  const status = text(entry["status"]);
  return {
    names: texts(entry["names"]),
    status: status in STATUSES ? (status as SubtestStatus) : "missing",
    reason: text(entry["reason"]),
    diagnostics: texts(entry["diagnostics"]),
  };
}

function omittedCases(count: number): SubtestModel {
  const reason = `${count} more sub-tests passed or were skipped; there are too many to list`;
  return { names: ["more"], status: "skipped", reason, diagnostics: [] };
}

/** `suite › case` */
export function subtestName({ names }: SubtestModel): string {
  return names.join(" › ");
}

export function isBadSubtest({ status }: SubtestModel): boolean {
  return status === "failed" || status === "missing";
}

/** Neither passed nor failed: skipped, or failed as it was meant to. */
export function isSkippedSubtest({ status }: SubtestModel): boolean {
  return status === "skipped" || status === "expected-failure" || status === "todo";
}

/** What stands for a skip, and why. */
export function skipText({ status, reason }: SubtestModel): string {
  const what = status === "expected-failure" ? "failed as expected" : status === "todo" ? "to do" : "";
  return [what, reason].filter((part) => part !== "").join(": ");
}

/** Why it failed, and what it said. */
export function subtestFailure(one: SubtestModel): string {
  const fallback = one.status === "missing" ? "it has no result" : "failed";
  return [one.reason || fallback, ...one.diagnostics].join("\n");
}
