import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { isAlive, identify } from "./identity.js";
import { packageRoot } from "../base/paths.js";
import { endAtOnce, ownedPids, spawnOwned, type ProcessEnd } from "./owned-process.js";

test("a process that ignores SIGTERM is ended by SIGKILL, and says so", async () => {
  const owned = spawnOwned(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
  await new Promise((resolve) => owned.child.stdout?.once("data", resolve));
  const before = identify(owned.pid ?? 0);
  expect(await owned.stop(50)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(before && isAlive(before)).toBe(false);
  expect(await owned.stop()).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(await owned.endAtOnce()).toEqual({ exitCode: null, signal: "SIGKILL" });
});

test("one that survives SIGKILL, as in a hanging system call, is waited for up to a limit and then left", async () => {
  const sent: unknown[] = [];
  const child = { pid: 4711, kill: (name: unknown) => sent.push(name) > 0, unref: () => void sent.push("unref") };
  const stuck = { argv: ["qemu-system-x86_64", "-M"], child, ended: new Promise<ProcessEnd>(() => undefined) };
  await expect(endAtOnce(stuck, 20)).rejects.toMatchObject({
    kind: "infrastructure",
    code: "PROCESS_STAYS",
    message: expect.stringMatching(
      /^Process 4711 \(qemu-system-x86_64\) is there 20 ms after SIGKILL\.\nHint: .*\/proc\/4711\/stack/,
    ),
  });
  expect(sent).toEqual(["SIGKILL", "unref"]);
});

test("a guardian is known as ours, and does its work after SIGKILL of this process", () => {
  const owned = join(packageRoot, "dist/process/owned-process.js");
  // The guardian's output is that of its parent: it is read until both are gone.
  const program = `
    const { spawnOwned, ownedPids } = require(${JSON.stringify(owned)});
    const { child } = spawnOwned(["sh", "-c", "cat >/dev/null; echo guarded"], { guards: true, stdio: ["pipe", 1, 2] });
    process.stdout.write(\`known: \${ownedPids().has(child.pid)}\\n\`, () => process.kill(process.pid, "SIGKILL"));`;
  const { stdout, signal } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  expect({ stdout, signal }).toEqual({ stdout: "known: true\nguarded\n", signal: "SIGKILL" });
});

test("an ended process is no longer ours", async () => {
  const owned = spawnOwned(["true"], { guards: true });
  await owned.ended;
  expect(ownedPids().has(owned.pid ?? 0)).toBe(false);
});
