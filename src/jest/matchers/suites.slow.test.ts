/** What suites say when a wait or a matcher fails, read from outside: Jest as a child on files made for the occasion. */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BOOT_LINE } from "../../session/testing/memory-harness.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";
import { WAIT_SUITES } from "../../session/testing/wait-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

describe("a failure shows", () => {
  let project: SuiteProject;
  let outcome: SuiteOutcome;
  const failures = new Map<string, string>();

  beforeAll(async () => {
    project = makeProject(WAIT_SUITES, { args: ["--runInBand", "--json", "--outputFile=report.json"] });
    outcome = await runProject(project);
    const report = JSON.parse(readFileSync(join(project.folder, "report.json"), "utf8")) as Report;
    for (const { title, failureMessages } of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
      failures.set(title, failureMessages.join("\n"));
    }
  });
  afterAll(() => project.remove());

  const failureOf = (title: string): string => failures.get(title) ?? `no test "${title}" in:\n${outcome.output}`;

  test("of a VM that dies: why, how far it came, what it said", () => {
    const message = failureOf("die");
    expect(message).toMatch(
      /VM "vm1" died \(REBOOT\) .* after start, while waiting for its output to show \/Hello\/\./,
    );
    expect(message).toMatch(/It is STOPPED \(CID \d+ until its end\)\./);
    expect(message).toMatch(/Boot: vmm 0\.00 s; not reached: kernel, init, verified, payload, ready\./);
    expect(message).toMatch(/Last output:\n +\[ +\d+\.\d{3} s console\] init: loading assets\/die\.json/);
  });

  test("of a panic, although the VM lives on", () => {
    const message = failureOf("panic-and-hang");
    expect(message).toMatch(/The kernel of VM "vm1" panicked .* after start, and still runs, while waiting for/);
    expect(message).toContain("Kernel panic - not syncing: no init found");
    expect(message).toContain("Call Trace:");
  });

  test("of a crash of the payload", () => {
    const message = failureOf("crash");
    expect(message).toMatch(/The payload of VM "vm1" crashed .* and died \(MICRODROID_UNKNOWN_RUNTIME_ERROR\)/);
    expect(message).toContain("Payload exited due to signal: 11 (SIGSEGV)");
  });

  test("of a boot that hangs: where it stalled", () => {
    const message = failureOf("hang");
    expect(message).toMatch(/VM "vm1" is stuck at boot stage "init": it has shown neither a new stage nor a new line/);
    expect(message).toMatch(/It is RUNNING \(service: STARTING, CID \d+\)\./);
    expect(message).toMatch(/not reached: verified, payload, ready\./);
  });

  test("of a timeout: the line that is nearest", () => {
    const message = failureOf("silent");
    expect(message).toContain(
      'VM "vm1" (RUNNING): timed out after 100 ms waiting for its output to show "executing main tusk".',
    );
    expect(message).toMatch(/nearest miss: \[.* s console\] .*executing main task microdroid_launcher/);
  });

  test("of a wait that is cancelled: the reason", () => {
    expect(failureOf("vm_config")).toMatch(
      /: stopped waiting for .*: it was called off \(The operation was aborted.*\)\./,
    );
  });

  test("of the sub-tests of a kernel: which, and what they said; the reports list them", () => {
    const message = failureOf("ktap");
    expect(message).toContain("  FAILED  net: exit=1\n      no answer from 10.0.2.2\n  SKIPPED  usb: no usb");
    expect(message).toContain("Failure class: product");
    const junit = project.evidence("junit.xml") ?? "";
    const [, tests] = /<testsuite name="ends\.test\.ts" tests="(\d+)"/.exec(junit) ?? [];
    expect(Number(tests)).toBe(WAIT_SUITES["ends.test.ts"]!.match(/^ *test\("/gm)!.length + 3);
    expect(junit).toMatch(/<testcase classname="ends\.test › ktap" name="net"[^>]*>\s*<failure message="exit=1"/);
    expect(project.evidence("test_result.xml")).toMatch(/<Test result="ASSUMPTION_FAILURE" name="usb">/);
    // Jest's own numbers are its own.
    expect(outcome.output).toMatch(/^Tests: \d+ passed, \d+ failed, 0 skipped$/m);
  });

  test("of a device that is gone: that it is the lab's", () => {
    const message = failureOf("lose-device");
    expect(message).toMatch(/The device of VM "vm1" is gone, while waiting for .*: Device memory went away/);
    expect(message).toContain("Failure class: infrastructure");
    expect(failureOf("panic-and-hang")).toContain("Failure class: product");
    expect(failureOf("silent")).toContain("Failure class: test");
  });

  test("of a test whose own time ends first: what the wait saw", () => {
    const message = failureOf("long");
    expect(message).toContain("Exceeded timeout of 400 ms");
    expect(message).toContain('It was waiting for VM "vm1" to print "executing main tusk".');
    expect(message).toMatch(/Boot: .*payload \d\.\d\d s; not reached: ready\./);
    expect(message).toMatch(/nearest miss: .*executing main task/);
  });

  test("of a fixture: why the VM is not ready", () => {
    expect(failureOf("readyVm")).toMatch(/VM "vm1" died \(REBOOT\) .*, while waiting for its payload to be ready\./);
  });

  test("of lines in the wrong order: which, and where the missing one is", () => {
    const message = failureOf("order of lines");
    expect(message).toMatch(/Printed, in order:\n +\[.*\] Hello Microdroid vm1/);
    expect(message).toContain('Missing after that, as number 2 of 2: "executing"');
    expect(message).toMatch(/It was printed, but before:\n +\[.*\] .*executing main task/);
  });

  test("of moments in the wrong order: both times", () => {
    const message = failureOf("order of moments");
    expect(message).toMatch(/VM "vm2" reaches boot stage "ready": at \d+\.\d{3} s \(payload-ready\)/);
    expect(message).toMatch(/VM "vm1" prints \/Hello\/: at \d+\.\d{3} s \(Hello Microdroid vm1\)/);
    expect(message).toMatch(/The order is the other way, by /);
  });

  test("of a line that should not have come: the line, and those before", () => {
    const message = failureOf("silence");
    expect(message).toMatch(/toNeverPrint[^]*VM "vm2" printed on its console:\n +\[.*\] Hello Microdroid vm2/);
    expect(message).toMatch(/Before that:\n/);
  });

  test("of a boot that takes too long: each stage with its limit", () => {
    const message = failureOf("boot");
    expect(message).toMatch(/in time +vmm: 0 ms, allowed 60\.0 s/);
    expect(message).toMatch(/TOO LATE +payload: \d+ ms, allowed 0 ms/);
  });

  test("of a line that came too late: by when it had to", () => {
    expect(failureOf("within")).toMatch(/That is \d+ ms after start, and 1 ms were allowed\./);
  });

  test("of another end: which, with the last lines", () => {
    const message = failureOf("ends");
    expect(message).toMatch(/toDieWith[^]*VM "dead" died \(REBOOT\) .*, while waiting for its end with CRASH\./);
    expect(message).toMatch(/Last output:\n.*console\] .*init: loading assets\/die\.json/);
    expect(message).toContain("Failure class: product");
  });

  test("and no step is reported as failed if a failure was expected", () => {
    const events = (project.evidence(".jsonl") ?? "").trim().split("\n");
    const steps = events.map((line) => JSON.parse(line) as Record<string, unknown>);
    const wait = steps.find(({ title }) => String(title).endsWith('VM "vm2" to print "never printed"'));
    const end = steps.find(({ kind, step }) => kind === "step-ended" && step === wait?.["step"]);
    expect(end).toMatchObject({ kind: "step-ended" });
    expect(end).not.toHaveProperty("failure");
  });

  test("of another kind of error: which", () => {
    expect(failureOf("kinds")).toContain("It failed with kind vm, code VM_NOT_RUNNING:");
  });

  test("and the run's record has the stages of each boot, with their evidence", () => {
    const events = (project.evidence(".jsonl") ?? "").trim().split("\n");
    const stages = events.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(stages).toContainEqual(
      expect.objectContaining({
        ...{ kind: "vm-boot-stage", vm: "vm1", run: 1, stage: "init", afterMs: expect.any(Number) },
        evidence: expect.stringMatching(/microdroid_manager\[\d+\]: started\.$/),
      }),
    );
  });

  test("and every one of these failures fails the run", () => {
    expect(outcome.exitCode).toBe(1);
    expect([...failures].filter(([, message]) => message === "").map(([title]) => title)).toEqual([]);
  });
});

describe("a boot snapshot", () => {
  const files = {
    "boot.test.ts": suite(`
      test("boots", async ({ readyVm }) => {
        await expect(readyVm).toMatchBootSnapshot();
        await expect(readyVm).toMatchBootSnapshot({ only: /microdroid|vsock/g, hint: "some lines" });
      });`),
  };
  let project: SuiteProject;
  beforeAll(() => void (project = makeProject(files)));
  afterAll(() => project.remove());

  const stored = (): string => readFileSync(join(project.folder, "__snapshots__/boot.test.ts.snap"), "utf8");

  async function run(args: readonly string[], line?: string): Promise<SuiteOutcome> {
    const environment = { ...project.environment, [BOOT_LINE]: line };
    return runProject({ ...project, environment, argv: [...project.argv, "--runInBand", ...args] });
  }

  test("is not written with --ci, otherwise written without what differs from boot to boot", async () => {
    const ci = await run(["--ci"]);
    expect(ci.output).toContain("New snapshot was not written");
    expect(ci.exitCode).toBe(1);
    expect((await run([])).exitCode).toBe(0);
    expect(stored()).toContain(`exports[\`boots: boot log 1\`] = \`
"init: loading assets/vm_config.json
[<time>] microdroid_manager[<pid>]: started.
[<time>] virtio_vsock: cid <cid>, ring at <address>
[<time>] microdroid_manager[<pid>]: executing main task microdroid_launcher X.so..."
\`;`);
    expect(stored()).toContain(`exports[\`boots: some lines 1\`] = \`
"[<time>] microdroid_manager[<pid>]: started.
[<time>] virtio_vsock: cid <cid>, ring at <address>
[<time>] microdroid_manager[<pid>]: executing main task microdroid_launcher X.so..."
\`;`);
  });

  test("fails on another line, and is updated by -u", async () => {
    const other = await run(["--ci"], "a new driver");
    expect(other.exitCode).toBe(1);
    expect(other.output).toMatch(/expect\(.*vm.*\)\.toMatchBootSnapshot\(/);
    expect(other.output).toMatch(/\+ \[<time>\] a new driver/);
    expect((await run(["-u"], "a new driver")).exitCode).toBe(0);
    expect(stored()).toContain("a new driver");
  });
});
