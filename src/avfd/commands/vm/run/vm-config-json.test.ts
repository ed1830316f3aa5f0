import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { AndroidRelease } from "../../../../base/android-release.js";
import { describeSystemError } from "../../../errno.js";
import { parseVersionReq } from "../../../virtualization/raw/platform-version.js";
import { formatToolError, ToolError } from "../rust-text.js";
import { loadVmConfig } from "./vm-config-json.js";

interface Answer {
  readonly release?: AndroidRelease;
  readonly text: string;
  readonly ok: string | null;
  readonly error: string | null;
  readonly met: boolean | null;
}

// By serde_json, semver and anyhow themselves: fixtures/golden/vm-config.
const path = join(__dirname, "../../../../../fixtures/golden/vm-config/answers.json");
const answers = JSON.parse(readFileSync(path, "utf8")) as readonly Answer[];
const isMissingVersion = (text: string): boolean => text.includes("missing field `platform_version`");

function answerTo({ release, text }: Answer): Pick<Answer, "ok" | "error" | "met"> {
  try {
    if (release === undefined) {
      const { text: ok, isMet: met } = parseVersionReq(text);
      return { ok, error: null, met };
    }
    const { config, warning } = loadVmConfig(Buffer.from(text), release);
    const refusal = warning === undefined ? undefined : /missing field [^.]*/.exec(warning)?.[0];
    if (refusal === undefined) return { ok: config.platform_version.text, error: null, met: null };
    return { ok: null, error: `Error: Failed to parse config file\n\nCaused by:\n    ${refusal}`, met: null };
  } catch (error) {
    if (release === undefined) return { ok: null, error: (error as Error).message, met: null };
    const whole = new ToolError("Failed to parse config file", error);
    return { ok: null, error: formatToolError(whole, describeSystemError), met: null };
  }
}

describe.each([13, 14, 15, 16, undefined] as const)("release %p", (release) => {
  const ofRelease = answers.filter((answer) => (answer.release ?? undefined) === release);

  test("each config and requirement is answered as serde_json and semver answer it", () => {
    expect(ofRelease.length).toBeGreaterThan(80);
    expect(ofRelease.map((answer) => ({ text: answer.text, ...answerTo(answer) }))).toEqual(
      ofRelease.map(({ text, ok, error, met }) => ({ text, ok, error, met })),
    );
  });
});

test("a config that only lacks the platform's version, as in Android's documentation, is taken with a warning", () => {
  const json = '{\n  "kernel": "/data/local/tmp/kernel",\n  "params": "rdinit=/bin/init"\n}\n';
  const { config, warning } = loadVmConfig(Buffer.from(json), 15);
  expect(config).toMatchObject({ kernel: "/data/local/tmp/kernel", platform_version: { isMet: true } });
  expect(warning).toContain("missing field `platform_version` at line 4 column 1");
  // Whatever else is wrong with it, the tool's own words are these.
  expect(() => loadVmConfig(Buffer.from("{}"), 15)).toThrow("missing field `platform_version` at line 1 column 2");
  expect(answers.filter(({ error }) => error !== null && isMissingVersion(error)).length).toBeGreaterThan(10);
});
