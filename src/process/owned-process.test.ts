import { expect, test } from "@jest/globals";
import { isAlive, identify } from "./identity.js";
import { endAtOnce, spawnOwned, type ProcessEnd } from "./owned-process.js";

test("a process that ignores SIGTERM is ended by SIGKILL, and says so", async () => {
  const owned = spawnOwned(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]);
  await new Promise((resolve) => owned.child.stdout?.once("data", resolve));
  const before = identify(owned.pid ?? 0);
  expect(await owned.stop(50)).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(before && isAlive(before)).toBe(false);
  expect(await owned.stop()).toEqual({ exitCode: null, signal: "SIGKILL" });
  expect(await owned.endAtOnce()).toEqual({ exitCode: null, signal: "SIGKILL" });
});

test("one that outlives SIGKILL, as in a call of the kernel that hangs, is waited for in bounds and let go of", async () => {
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
