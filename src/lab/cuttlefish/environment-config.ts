/** The environment that `cvd load` is to make, from the user's file, under a name of ours. */
import { randomBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { describeError, UsageError } from "../../base/errors.js";

export interface EnvironmentConfig {
  readonly group: string;
  /** As the orchestrator takes it. */
  readonly body: Readonly<Record<string, unknown>>;
}

const MAX_BYTES = 1 << 20;
const MAX_HOST = 24;
/** `avf_HOST_PID_CHANCE`, so that `cvd fleet` shows whose it is. */
const OURS = /^avf_[A-Za-z0-9_]+_\d+_[0-9a-f]{8}$/;

/** @throws UsageError `LAB_CONFIG` for a file that describes no single device */
export function readEnvironmentConfig(path: string): EnvironmentConfig {
  const config = asObject(readJson(path));
  const instances = config?.["instances"];
  if (config === undefined || !Array.isArray(instances)) throw bad(path, 'is no object with "instances"');
  if (instances.length !== 1) throw bad(path, `has ${instances.length} instances, where one device is wanted`);
  const group = newGroupName();
  const common = asObject(config["common"]) ?? {};
  return { group, body: { ...config, common: { ...common, group_name: group } } };
}

/** It was made for a run of ours, and is nobody else's. */
export function isOurs(group: string): boolean {
  return OURS.test(group);
}

export function newGroupName(): string {
  const host = hostname().replace(/\W/g, "_").slice(0, MAX_HOST);
  return `avf_${host}_${process.pid}_${randomBytes(4).toString("hex")}`;
}

function readJson(path: string): unknown {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes`);
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch (error) {
    throw bad(path, `cannot be read: ${describeError(error)}`);
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function bad(path: string, problem: string): UsageError {
  return new UsageError("LAB_CONFIG", `The environment config ${path} ${problem}.`, {
    hint: "it is what `cvd load` takes; a relative path is seen from the folder in which the run was begun",
  });
}
