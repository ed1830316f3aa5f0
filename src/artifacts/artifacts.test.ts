import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { clockMs, clockMsOf } from "./clock.js";
import type { RunEvent } from "./events.js";
import { asciiName } from "./names.js";
import { EventFile, readEvents } from "./read-events.js";
import { announceRun, createRunFolder, RUN_FOLDER_VARIABLE, runFolder } from "./run-folder.js";
import { RunRecord } from "./run-record.js";
import { writeWhole } from "./write-whole.js";

let folder: string;
const saved = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "artifacts-"));
  delete process.env["AVF_OUT"];
  delete process.env[RUN_FOLDER_VARIABLE];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of ["AVF_OUT", RUN_FOLDER_VARIABLE]) {
    const value = saved[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe("ASCII names", () => {
  test("a plain name stays", () => {
    expect(asciiName("two-vms.test")).toBe("two-vms.test");
  });

  test.each(["vm1 and vm2 greet", "✗ …", "../../etc/passwd", "..", "Größe", "a".repeat(300), ""])(
    "%j becomes a short safe file name",
    (name) => {
      expect(asciiName(name)).toMatch(/^[a-z0-9_][a-z0-9._-]{0,79}$/);
    },
  );

  test("different names stay different", () => {
    const names = ["a b", "a-b", "a/b", "A b", "✗", "✓", `${"x".repeat(200)}1`, `${"x".repeat(200)}2`];
    expect(new Set(names.map(asciiName)).size).toBe(names.length);
  });
});

describe("run folder", () => {
  test("is announced through the environment, made by the first that writes, and linked as latest", () => {
    const announced = announceRun(folder);
    expect(announced.startsWith(join(folder, "avf-results"))).toBe(true);
    expect(existsSync(join(folder, "avf-results"))).toBe(false);
    expect([runFolder(folder), runFolder(folder)]).toEqual([announced, announced]);
    expect(join(folder, "avf-results", readlinkSync(join(folder, "avf-results", "latest")))).toBe(announced);
  });

  test("is another one for each run of a process, even within a second", () => {
    const now = new Date();
    const runs = [1, 2, 3].map(() => announceRun(folder, now));
    expect(new Set(runs).size).toBe(3);
    const made = runFolder(folder);
    delete process.env[RUN_FOLDER_VARIABLE];
    expect([...runs.slice(0, 2), announceRun(folder, now)]).not.toContain(made);
  });

  test("announced by the process of another Jest is that one's", () => {
    const others = join(folder, `20260102-030405-${process.ppid}`);
    process.env[RUN_FOLDER_VARIABLE] = others;
    expect(runFolder(folder)).not.toBe(others);
    process.env[RUN_FOLDER_VARIABLE] = others;
    expect(runFolder(folder, process.ppid)).toBe(others);
  });

  test.each([
    ["elsewhere", "elsewhere"],
    ["", "avf-results"],
  ])("AVF_OUT=%j is %s", (value, expected) => {
    process.env["AVF_OUT"] = value;
    expect(runFolder(folder).startsWith(join(folder, expected))).toBe(true);
  });

  test("keeps the newest runs and everything that is not a run", () => {
    mkdirSync(join(folder, "avf-results", "mine"), { recursive: true });
    const runs = Array.from({ length: 25 }, (_value, day) =>
      createRunFolder(folder, new Date(Date.UTC(2024, 0, day + 1))),
    );
    expect(runs.map((run) => existsSync(run))).toEqual(runs.map((_run, index) => index >= 5));
    expect(existsSync(join(folder, "avf-results", "mine"))).toBe(true);
  });

  describe("of a run in progress is kept, however many newer ones there are", () => {
    const results = (): string => join(folder, "avf-results");
    const newerRuns = (): void => {
      for (let day = 1; day <= 25; day++) createRunFolder(folder, new Date(Date.UTC(2024, 0, day)));
    };
    /** Jest in another process makes the folder and continues, until it is told to end by the end of its stdin. */
    const otherRun = async (): Promise<{ readonly path: string; end(): Promise<void> }> => {
      const module = join(packageRoot, "dist/artifacts/run-folder.js");
      const script = `console.log(require(${JSON.stringify(module)}).createRunFolder(process.argv[1], new Date(0)));
        process.stdin.resume();`;
      const child = spawn(process.execPath, ["-e", script, folder], { stdio: ["pipe", "pipe", "inherit"] });
      const [path] = (await once(child.stdout, "data")) as [Buffer];
      return {
        path: String(path).trim(),
        end: async () => {
          child.stdin.end();
          await once(child, "exit");
        },
      };
    };

    test("and removed once it is over", async () => {
      const other = await otherRun();
      newerRuns();
      expect(existsSync(other.path)).toBe(true);
      await other.end();
      createRunFolder(folder, new Date(Date.UTC(2024, 1, 1)));
      expect(existsSync(other.path)).toBe(false);
    });

    test("in another container as well, whose processes have other ids; not for ever", () => {
      const foreign = join(results(), "19700101-000000-999999999");
      mkdirSync(foreign, { recursive: true });
      const lease = join(foreign, ".goes-on");
      writeFileSync(lease, "999999999\n");
      newerRuns();
      expect(existsSync(foreign)).toBe(true);
      utimesSync(lease, new Date(0), new Date(0));
      createRunFolder(folder, new Date(Date.UTC(2024, 1, 1)));
      expect(existsSync(foreign)).toBe(false);
    });
  });

  test("leaves what the user calls latest", () => {
    const results = join(folder, "avf-results");
    const latest = join(results, "latest");
    mkdirSync(results);
    writeFileSync(latest, "mine");
    writeFileSync(`${latest}.${process.pid}`, "mine");
    createRunFolder(folder);
    expect(readFileSync(latest, "utf8")).toBe("mine");
    rmSync(latest);
    createRunFolder(folder);
    expect(readFileSync(`${latest}.${process.pid}`, "utf8")).toBe("mine");
    rmSync(`${latest}.${process.pid}`);
    rmSync(latest);
    mkdirSync(join(latest, "mine"), { recursive: true });
    createRunFolder(folder);
    expect(readdirSync(latest)).toEqual(["mine"]);
    rmSync(latest, { recursive: true });
    symlinkSync("/elsewhere", latest);
    createRunFolder(folder);
    expect(readlinkSync(latest)).toBe("/elsewhere");
    expect(readdirSync(results).filter((name) => name.startsWith("latest"))).toEqual(["latest"]);
  });

  test("and what is in it are the user's alone", () => {
    const made = createRunFolder(folder);
    new RunRecord(made).close();
    writeWhole(join(made, "junit.xml"), ["<testsuites/>"]);
    const modes = [".", ...readdirSync(made), ".."].map((name) => [name, statSync(join(made, name)).mode & 0o777]);
    const wanted = modes.map(([name]) => [name, String(name).startsWith(".") && name !== ".goes-on" ? 0o700 : 0o600]);
    expect(modes).toEqual(wanted);
    expect(modes.length).toBe(5);
  });
});

describe("run record", () => {
  const body = (event: RunEvent): unknown => {
    const { atMs: _at, pid: _pid, ...rest } = event;
    return rest;
  };

  test("is read as it was written, after the process's own first event", () => {
    const record = new RunRecord(folder);
    record.add({ kind: "vm-transition", vm: "vm1", machine: 1, status: "RUNNING" });
    record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: 'Hello\n"Microdroid"' });
    record.close();
    const events = readEvents(folder);
    expect(events.map(body)).toEqual([
      expect.objectContaining({ kind: "process-started", wallMs: expect.any(Number) }),
      { kind: "vm-transition", vm: "vm1", machine: 1, status: "RUNNING" },
      { kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: 'Hello\n"Microdroid"' },
    ]);
    expect(events.map(({ pid }) => pid)).toEqual(events.map(() => process.pid));
  });

  test("has one clock for all processes, which performance.now() converts to", () => {
    const before = clockMs();
    const moment = performance.now();
    const script = ["-e", "process.stdout.write(String(Number(process.hrtime.bigint()) / 1e6))"];
    const child = spawnSync(process.execPath, script, { encoding: "utf8" });
    const between = [before, Number(child.stdout), clockMs()];
    expect([...between].sort((a, b) => a - b)).toEqual(between);
    // Two readings one after the other; less than what either is rounded to may lie between them.
    expect(clockMsOf(moment)).toBeGreaterThan(before - 0.1);
    expect(clockMsOf(moment)).toBeLessThan(Number(child.stdout));
  });

  test("is put in the order of its clock, over all processes", () => {
    const line = (kind: string, atMs: number, pid: number): string => `${JSON.stringify({ kind, atMs, pid })}\n`;
    writeFileSync(join(folder, "events-1.jsonl"), line("a", 1, 1) + line("c", 3, 1));
    writeFileSync(join(folder, "events-2.jsonl"), line("b", 2, 2));
    expect(readEvents(folder).map(({ kind }) => kind)).toEqual(["a", "b", "c"]);
  });

  test("of a process that was killed ends with its last whole line", () => {
    const whole = JSON.stringify({ kind: "device-released", serial: "x", atMs: 1, pid: 1 });
    writeFileSync(join(folder, "events-1.jsonl"), `${whole}\n[]\nnull\n{"kind":1}\n${whole.slice(0, 20)}`);
    expect(readEvents(folder).map(body)).toEqual([{ kind: "device-released", serial: "x" }]);
  });

  test("can be read while it grows, line by line, each once", () => {
    const file = join(folder, "events-1.jsonl");
    const text = [1, 2, 3].map((atMs) => `${JSON.stringify({ kind: "k", atMs, pid: 1 })}\n`).join("");
    const reader = new EventFile(file);
    const seen: number[] = [];
    const read = (): void => reader.readNew(({ atMs }) => seen.push(atMs));
    read();
    for (let length = 0; length <= text.length; length += 7) {
      writeFileSync(file, text.slice(0, length));
      read();
    }
    writeFileSync(file, text);
    read();
    expect(seen).toEqual([1, 2, 3]);
  });

  test("cuts lines that a VM does not end", () => {
    const record = new RunRecord(folder);
    record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: "x".repeat(100_000) });
    record.close();
    expect(readFileSync(record.file, "utf8").length).toBeLessThan(10_000);
  });

  test("a folder that vanished fails no test", () => {
    const gone = join(folder, "gone");
    const record = new RunRecord(gone);
    rmSync(gone, { recursive: true });
    record.add({ kind: "device-released", serial: "x" });
    expect(() => record.close()).not.toThrow();
  });
});
