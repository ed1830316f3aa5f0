/** Which of Jest's projects `npm test` and `npm run test:slow` run, and which of them side by side. */

/** About as much work for one processor each. */
export interface Halves {
  /** Those that have the terminal. */
  readonly first: readonly string[];
  readonly beside: readonly string[];
}

/** @param withCrosvm whether each project of suites has a twin that runs on crosvm, as it has with `AVF_CROSVM` */
export function halvesOf(pace: "quick" | "slow", withCrosvm: boolean): Halves {
  const onMonitors = (name: string): readonly string[] => [name, ...(withCrosvm ? [`${name}-crosvm`] : [])];
  return pace === "slow"
    ? { first: onMonitors("suites-guest"), beside: ["unit-slow", "runs"] }
    : {
        first: onMonitors("suites"),
        beside: ["unit", ...onMonitors("suites-booted"), "suites-android-13", "suites-android-17"],
      };
}
