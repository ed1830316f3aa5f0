/** What a history says of a run beyond its tests: which commit was tested, in which run of a CI system. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

const GIT_TIMEOUT_MS = 5_000;

/** The history file of `AVF_HISTORY`; undefined when none is kept. */
export function historyFile(folder: string, environment: Environment = process.env): string | undefined {
  const named = environment["AVF_HISTORY"];
  return named ? resolve(folder, named) : undefined;
}

/** All jobs of one run of a CI system have the same, also those that are started again. */
export function pipelineOf(environment: Environment = process.env): string | undefined {
  const ids: readonly (readonly [system: string, ...parts: readonly (string | undefined)[]])[] = [
    ["github", environment["GITHUB_REPOSITORY"], environment["GITHUB_RUN_ID"]],
    ["gitlab", environment["CI_PROJECT_PATH"], environment["CI_PIPELINE_ID"]],
    ["buildkite", environment["BUILDKITE_BUILD_ID"]],
    ["circleci", environment["CIRCLE_WORKFLOW_ID"]],
    ["jenkins", environment["BUILD_TAG"]],
  ];
  const known = ids.find((id) => id.every((part) => part !== undefined && part !== ""));
  return known?.join(" ");
}

/** What the CI system says; else git, where the folder is in a work tree of it. */
export function commitOf(folder: string, environment: Environment = process.env): string | undefined {
  const told = environment["GITHUB_SHA"] || environment["CI_COMMIT_SHA"] || environment["BUILDKITE_COMMIT"];
  if (told !== undefined && told !== "") return told;
  const git = spawnSync("git", ["-C", folder, "rev-parse", "--verify", "HEAD"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: GIT_TIMEOUT_MS,
  });
  const commit = git.status === 0 ? git.stdout.trim() : "";
  return /^[0-9a-f]{40,64}$/.test(commit) ? commit : undefined;
}
