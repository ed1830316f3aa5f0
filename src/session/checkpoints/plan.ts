/** Checkpoints as suites name them: a plan says how to get there, a saved one is there. */
import type { Checkpoint } from "../../lab/timeline.js";

/** What a suite does to get somewhere; tests that start from there find it done. */
export interface CheckpointPlan {
  readonly name: string;
  /** Names of the fixtures that `setUp` asks for. */
  readonly names: readonly string[];
  readonly setUp: (fixtures: never) => unknown;
}

export type StartingPoint = CheckpointPlan | Checkpoint;

export function isPlan(point: unknown): point is CheckpointPlan {
  return typeof point === "object" && point !== null && "setUp" in point && "name" in point;
}

export function isSaved(point: unknown): point is Checkpoint {
  return typeof point === "object" && point !== null && "saved" in point && "moments" in point;
}
