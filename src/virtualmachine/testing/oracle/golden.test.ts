/** What Android's classes answered, held against the port without Java. `npm run oracle -- --freeze` remakes the files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, type AndroidRelease } from "../../../base/android-release.js";
import { packageRoot } from "../../../base/paths.js";
import { answerCase } from "./answer.js";
import { compareAnswers } from "./compare.js";
import type { Answer, OracleCase } from "./cases.js";

/** 13's classes are not available. */
const RELEASES = ANDROID_RELEASES.filter((release) => release !== 13);

function goldenOf(release: AndroidRelease): readonly (readonly [OracleCase, Answer])[] {
  const path = join(packageRoot, `fixtures/golden/oracle/android-${release}.jsonl.gz`);
  const lines = gunzipSync(readFileSync(path)).toString().trim().split("\n");
  return lines.map((line) => JSON.parse(line) as readonly [OracleCase, Answer]);
}

describe("answers of Android's own classes", () => {
  test.each(RELEASES)("Android %i", async (release) => {
    const golden = goldenOf(release);
    expect(golden.length).toBeGreaterThan(1200);
    const verdicts = await Promise.all(
      golden.map(async ([given, theirs]) => {
        const ours = JSON.parse(JSON.stringify(await answerCase(given, release))) as Answer;
        return compareAnswers(given, release, theirs, ours);
      }),
    );
    const differing = verdicts.flatMap((verdict) => (verdict.kind === "differs" ? [verdict.parting] : []));
    expect(differing.map(({ path, theirs, ours, given }) => ({ path, theirs, ours, given }))).toEqual([]);
    // What is meant to differ is little: else the rules hide too much.
    expect(verdicts.filter(({ kind }) => kind === "meant").length).toBeLessThan(golden.length / 8);
  });

  test("a wrong answer is reported", () => {
    const [given, theirs] = goldenOf(15).find(([{ kind }]) => kind === "compatible")!;
    const wrong = { ...theirs, there: { ok: "neither" } };
    expect(compareAnswers(given, 15, theirs, wrong)).toMatchObject({ kind: "differs", parting: { path: "there.ok" } });
  });
});
