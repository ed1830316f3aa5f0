import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pickPort } from "../../process/pick-port.js";
import { VsockRelay, type VsockListener } from "../virtualization/channels/vsock-relay.js";

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

  describe("with guests that open as many connections as they can", () => {
    const sockets: Socket[] = [];
    afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

    /** Settles with how it ended: still open when a line was answered, or closed by the helper. */
    const connectFrom = async (cid: number, port: number): Promise<"answered" | "closed"> => {
      const socket = connect({ port, host: "127.0.0.1", localAddress: `127.1.${cid >> 8}.${cid & 255}` });
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.write("hello\n");
      return new Promise((resolve) => {
        socket.once("data", () => resolve("answered"));
        socket.once("close", () => resolve("closed"));
      });
    };
    /** A few at a time: the kernel lets no more knock at once. */
    const inTurn = async (times: number, knock: (n: number) => Promise<string>): Promise<readonly string[]> => {
      const answers: string[] = [];
      for (let n = 0; n < times; n += 10)
        answers.push(...(await Promise.all(Array.from({ length: 10 }, (_, more) => knock(n + more)))));
      return answers;
    };
    const count = (answers: readonly string[], wanted: string): number =>
      answers.filter((each) => each === wanted).length;

    test("each has its share, and others start and report as if they were not there", async () => {
      const wrapper = join(folder, "vsockd-over-tcp");
      const shim = join(folder, "vsock-over-tcp.so");
      execFileSync("gcc", ["-shared", "-fPIC", "-o", shim, join(__dirname, "../testing/vsock-over-tcp.c")]);
      await writeFile(wrapper, `#!/bin/sh\nLD_PRELOAD=${shim} exec ${program}\n`, { mode: 0o755 });
      const troubles: string[] = [];
      const relay = new VsockRelay(wrapper, (message) => troubles.push(message));
      const answering: VsockListener = { onLine: (connection, line) => connection.send(`got ${line}`) };
      const [first = 0, second = 0] = [await pickPort(), await pickPort()];
      try {
        await relay.listen(first, 2048, answering);
        const flood = await inTurn(1_600, () => connectFrom(2048, first));
        expect([count(flood, "answered"), count(flood, "closed")]).toEqual([32, 1_568]);
        expect(troubles).toEqual([`guest 2048 has too many connections to vsock port ${first}; more are refused`]);
        await relay.listen(second, "any", answering);
        expect(await connectFrom(2049, second)).toBe("answered");
        // Guests without number, as one port of release 13 sees them: listeners of VMs to come have room all the same.
        const many = await inTurn(900, (n) => connectFrom(3000 + n, second));
        expect(count(many, "closed")).toBeGreaterThan(100);
        const ports = await Promise.all(Array.from({ length: 50 }, pickPort));
        for (const [n, port] of [...new Set(ports)].entries()) await relay.listen(port, 5000 + n, answering);
        sockets.splice(0).forEach((socket) => socket.destroy());
        // What it lets go of it may have again.
        let again = await connectFrom(2048, first);
        while (again === "closed") again = await connectFrom(2048, first);
      } finally {
        relay.stop();
      }
    });
  });
});
