/** Remakes the golden files: cases of a fixed seed with what Android's classes answer, for machines without Java. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { casesOf } from "./generate.js";
import { root } from "./root.js";
import { startOracle } from "./java.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import type { OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

const SEED = 20;
const COUNTS: Readonly<Record<OracleCase["kind"], number>> = { builder: 250, compatible: 150, xml: 600, manager: 300 };

/** One file for each release, one line for each case with its answer. */
export async function freeze(release: AndroidRelease, kinds: readonly OracleCase["kind"][]): Promise<string> {
  const oracle = startOracle(release);
  const lines: string[] = [];
  try {
    for (const kind of kinds) {
      for (const given of casesOf(kind, release, COUNTS[kind], SEED)) {
        lines.push(JSON.stringify([given, await oracle.ask(given)]));
      }
    }
  } finally {
    oracle.end();
  }
  const folder = join(root, "fixtures/golden/oracle");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `android-${release}.jsonl.gz`);
  writeFileSync(path, gzipSync(`${lines.join("\n")}\n`, { level: 9 }));
  return path;
}
