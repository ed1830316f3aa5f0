/** One method, constant or field of `android.system.virtualmachine`, and what became of it here. */

/** The first API (July 2021), and Android's releases. What 14 and later have is read from their classes. */
export type Release = "2021" | "13" | "14" | "15" | "16" | "17";

/** Releases whose classes are available. */
export const CLASS_RELEASES: readonly Release[] = ["14", "15", "16", "17"];

/** A test by the file it stands in, below src/virtualmachine unless it is a suite, and its title as written there. */
export interface Proof {
  readonly file: string;
  readonly title: string;
}

interface RowBase {
  /** As Java writes it: `run()`, `STATUS_STOPPED`. */
  readonly java: string;
  readonly releases: readonly Release[];
}

/** `ours`: `Class#method`, `Class.constant`, a constant, or an interface's `Interface:method`. */
export type Row = RowBase &
  (
    | { readonly is: "present"; readonly ours: string; readonly value?: string | number; readonly proof: Proof }
    | { readonly is: "different"; readonly ours: string; readonly why: string; readonly proof: Proof }
    | { readonly is: "out of scope"; readonly why: string }
  );

export interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

export const EVERY: readonly Release[] = ["2021", "13", "15"];
export const FROM_13: readonly Release[] = ["13", "15"];
export const ONLY_15: readonly Release[] = ["15"];
export const BEFORE_15: readonly Release[] = ["2021", "13"];

export function present(java: string, releases: readonly Release[], ours: string, proof: Proof): Row {
  return { is: "present", java, releases, ours, proof };
}

export function different(java: string, releases: readonly Release[], ours: string, why: string, proof: Proof): Row {
  return { is: "different", java, releases, ours, why, proof };
}

export function outOfScope(java: string, releases: readonly Release[], why: string): Row {
  return { is: "out of scope", java, releases, why };
}

/** Its value is Android's, which the test of this folder compares. */
export function constant(java: string, value: string | number, ours: string, releases = ONLY_15): Row {
  return { is: "present", java, releases, ours, value, proof: { file: "parity/parity.test.ts", title: VALUES_TEST } };
}

export const VALUES_TEST = "constants have Android's values";

export function inFile(file: string): (title: string) => Proof {
  return (title) => ({ file, title });
}
