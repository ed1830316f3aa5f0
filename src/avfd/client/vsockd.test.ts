import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VsockRelay } from "../virtualization/vsock-relay.js";

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vsockd-"));
  program = join(folder, "vsockd");
  execFileSync("gcc", ["-std=gnu17", "-o", program, join(__dirname, "vsockd.c")]);
});
afterAll(() => rm(folder, { recursive: true }));

const quiet = { onLine: () => undefined };

describe("vsock relay", () => {
  test("a helper that is not there is a reason, not a crash", async () => {
    const troubles: string[] = [];
    const relay = new VsockRelay(join(folder, "none"), (message) => troubles.push(message));
    await expect(relay.listen(5000, "any", quiet)).rejects.toThrow("cannot listen on vsock port 5000");
    expect(troubles).toHaveLength(1);
  });

  // Hosts without vsock in their kernel cannot; the emulated device always can.
  (existsSync("/dev/vsock") ? test : test.skip)("a port is taken once, and free again afterwards", async () => {
    const relay = new VsockRelay(program, () => undefined);
    const other = new VsockRelay(program, () => undefined);
    const port = 40_000 + (process.pid % 10_000);
    try {
      await relay.listen(port, 2048, quiet);
      await expect(other.listen(port, "any", quiet)).rejects.toThrow(`port ${port}: Address already in use`);
      relay.unlisten(port);
      await relay.listen(port + 1, 2049, quiet);
      await other.listen(port, "any", quiet);
    } finally {
      relay.stop();
      other.stop();
    }
  });
});
