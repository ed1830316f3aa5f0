import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { packageRoot } from "../../base/paths.js";

const APK = "fixtures/MicrodroidTestApp.apk";

/** Runs the command with a reader of stdout that is gone before the first word, as that of `avf … | true`. */
async function withoutReader(args: readonly string[], both: boolean): Promise<{ code: unknown; stderr: string }> {
  const child = spawn(process.execPath, ["src/cli/avf.cjs", ...args], {
    cwd: packageRoot,
    env: { ...process.env, NO_COLOR: "1", ANDROID_SERIAL: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  child.stdout.destroy();
  if (both) child.stderr.destroy();
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

// 141 is what a shell shows for a program that SIGPIPE ended: 128 + 13.
test.each([
  ["help"],
  ["help run"],
  ["--version"],
  ["device list"],
  ["device list --json"],
  [`apk show ${APK}`],
  [`apk show ${APK} --json`],
  [`idsig show ${APK}.idsig`],
  [`idsig verify ${APK} ${APK}.idsig`],
  ["release"],
])("avf %s with a closed stdout ends quietly", async (line) => {
  expect(await withoutReader(line.split(" "), false)).toEqual({ code: 141, stderr: "" });
});

test("a closed stderr does not change the exit code of a command", async () => {
  const wrong = await withoutReader(["no-such-command"], true);
  const fine = await withoutReader(["help"], true);
  expect([wrong.code, fine.code]).toEqual([2, 141]);
});

test("a full disk for stdout is reported, with exit code 1", async () => {
  const child = spawn(process.execPath, ["src/cli/avf.cjs", "help"], {
    cwd: packageRoot,
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  const [code] = (await once(child, "close")) as [number | null];
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^avf: stdout cannot be written: ENOSPC.*\n$/),
  });
});
