import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { appendFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder } from "../testing/device-in-folder.js";

let host: DeviceInFolder;
let file: string;
beforeAll(async () => {
  host = await deviceInFolder();
  file = join(host.folder, "file");
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

const CONTENTS = ["", "one", "one\n", "one\ntwo\n", "one\ntwo", "\n\n\n", `${"long line\n".repeat(5000)}end`];
const OPTIONS = [[], ["-n", "2"], ["-n2"], ["-2"], ["-n", "+2"], ["-n", "0"], ["-n", "+0"], ["-c", "5"], ["-c", "+5"]];

describe("tail", () => {
  test.each(OPTIONS)("%s %s prints what GNU's prints", async (...options) => {
    for (const content of CONTENTS) {
      await writeFile(file, content);
      const expected = execFileSync("tail", [...options, file], { encoding: "utf8" });
      const { stdout, exitCode } = await host.run("tail", ...options, file);
      expect(stdout).toBe(expected);
      expect(exitCode).toBe(0);
    }
  });

  test("-f gives what is appended, and begins again when the file is emptied", async () => {
    await writeFile(file, "a\nb\n");
    const tail = host.start("tail", "-f", "-n", "+0", file);
    await tail.printed(/a\nb\n/);
    await appendFile(file, "c\n");
    await tail.printed(/b\nc\n/);
    await truncate(file, 0);
    await appendFile(file, "d\n");
    await tail.printed(/c\nd\n/);
    tail.end("SIGHUP");
    expect((await tail.ended).exitCode).toBeNull();
  });

  test("a file that is not there is an error", async () => {
    expect(await host.run("tail", "-f", join(host.folder, "none"))).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("No such file or directory"),
    });
  });
});
