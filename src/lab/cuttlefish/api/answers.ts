/** What a host orchestrator answers, looked at before it is believed. */
import { InfrastructureError } from "../../../base/errors.js";
import { printableLine, shortened } from "../../../base/printable.js";
import type { Reply } from "./http.js";

/** A Cuttlefish virtual device. */
export interface Cvd {
  readonly group: string;
  readonly name: string;
  /** `Running`, `Stopped`, `Starting`, … as `cvd fleet` has it. */
  readonly status: string;
  /** 0: it has none, as it does not run. */
  readonly adbPort: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Of groups, instances, operations and snapshots: they become parts of a path. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,127}$/;
const MAX_WORDS = 1_000;
const MAX_DEVICES = 10_000;

export function readCvds(orchestrator: string, body: unknown): readonly Cvd[] {
  const { cvds } = readObject(orchestrator, body, "a list of devices");
  if (!Array.isArray(cvds) || cvds.length > MAX_DEVICES) throw unexpected(orchestrator, "a list of devices", body);
  return cvds.map((item) => readCvd(item) ?? fail(unexpected(orchestrator, "a device", item)));
}

/** @returns the name of the operation that was begun */
export function readOperation(orchestrator: string, body: unknown): string {
  const { name } = readObject(orchestrator, body, "an operation");
  return isName(name) ? name : fail(unexpected(orchestrator, "an operation", body));
}

/** @returns the names of those that run */
export function readOperations(orchestrator: string, body: unknown): readonly string[] {
  const { operations } = readObject(orchestrator, body, "a list of operations");
  if (!Array.isArray(operations)) throw unexpected(orchestrator, "a list of operations", body);
  return operations.map((item) => readOperation(orchestrator, item));
}

/** @returns the id under which a bug report can be fetched */
export function readBugReport(orchestrator: string, body: unknown): string {
  return isName(body) ? body : fail(unexpected(orchestrator, "the id of a bug report", body));
}

/** Its own words on why not, for a message. */
export function readRefusal({ status, body }: Reply): string {
  const { error, details } = asObject(body) ?? {};
  const said = [details, error].find((words) => typeof words === "string" && words.trim() !== "");
  if (typeof said !== "string") return `HTTP ${status}`;
  return `${shortened(printableLine(said.trim().replace(/\s+/g, " ")), MAX_WORDS)} (HTTP ${status})`;
}

function readCvd(item: unknown): Cvd | undefined {
  const { group, name, status, adb_port: adbPort = 0 } = asObject(item) ?? {};
  const isPort = Number.isInteger(adbPort) && Number(adbPort) >= 0 && Number(adbPort) < 65_536;
  if (!isName(group) || !isName(name) || typeof status !== "string" || !isPort) return undefined;
  return { group, name, status: shortened(printableLine(status), 100), adbPort: Number(adbPort) };
}

/** Of groups, instances, operations and bug reports. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && NAME.test(value);
}

function readObject(orchestrator: string, body: unknown, what: string): Json {
  return asObject(body) ?? fail(unexpected(orchestrator, what, body));
}

function asObject(value: unknown): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function fail(error: Error): never {
  throw error;
}

function unexpected(orchestrator: string, what: string, body: unknown): InfrastructureError {
  const shown = body === undefined ? "no JSON" : shortened(printableLine(JSON.stringify(body)), 200);
  return new InfrastructureError(
    "LAB_ANSWER",
    `The Cuttlefish orchestrator at ${orchestrator} was asked for ${what} and answered ${shown}.`,
    { hint: "see whether the address is that of a host orchestrator, and which version it has: docs/lab.md" },
  );
}
