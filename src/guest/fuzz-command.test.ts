import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";

test("npm run fuzz fails when a guest target that was named cannot run, with what to install", () => {
  const argv = [join(packageRoot, "fuzz/run.cjs"), "--seconds", "1", "guest/zip"];
  const env = { ...process.env, CLANG: "no-such-clang" };
  const { status, stdout } = spawnSync(process.execPath, argv, { encoding: "utf8", env });
  expect(stdout).toMatch(/^guest\/zip cannot run: no-such-clang cannot be started .*apt-get install clang$/m);
  expect(stdout).toContain("At fault: guest/zip.");
  expect(status).toBe(1);
});
