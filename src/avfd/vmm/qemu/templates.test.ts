import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import type { VmmConfig, VmmEnd, VmmProcess } from "../contract.js";
import { QemuMonitor } from "./monitor.js";
import type { MemoryFile } from "./qemu-args.js";
import { QemuTemplates, type RunningQemu } from "./templates.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-templates-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const config: VmmConfig = {
  ...{ cid: 2048, folder: "/vm", kernelPath: "/k", initrdPath: "/i", kernelParams: ["quiet"] },
  disks: [{ serial: "system", writable: false, file: { fd: 0 } as FileHandle }],
  ...{ memoryMib: 192, cpuCount: 1, gdbPort: undefined },
};

/** A QEMU that answers each command, and whose guest says at once that it may be copied. */
class ScriptedQemu {
  readonly commands: string[] = [];
  readonly starts: { readonly config: VmmConfig; readonly memory: MemoryFile; readonly copy: boolean }[] = [];
  readonly toGuest: string[] = [];
  ended = 0;
  /** What becomes of a migration. */
  outcome = "completed";
  /** The process ends before its guest has said anything. */
  dies = false;

  readonly start = async (given: VmmConfig, memory: MemoryFile, stateFd?: number): Promise<RunningQemu> => {
    this.starts.push({ config: given, memory, copy: stateFd !== undefined });
    const answers = new PassThrough();
    const orders = new PassThrough();
    orders.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split("\n")) this.#obey(line, answers);
    });
    let end: (how: VmmEnd) => void = () => undefined;
    const ended = new Promise<VmmEnd>((resolve) => (end = resolve));
    void ended.then(() => (this.ended += 1));
    const fromGuest = new PassThrough();
    const toGuest = new PassThrough().on("data", (chunk: Buffer) => void this.toGuest.push(chunk.toString()));
    if (this.dies) setImmediate(() => end({ kind: "start-failed" }));
    else if (stateFd === undefined) fromGuest.write("AVF_TEMPLATE_READY\n");
    const process = { pid: 1000 + this.starts.length, ended, kill: () => end({ kind: "killed" }) } as VmmProcess;
    return {
      process,
      monitor: new QemuMonitor(Duplex.from({ readable: answers, writable: orders })),
      failurePort: Duplex.from({ readable: fromGuest, writable: toGuest }),
    };
  };

  #obey(line: string, answers: PassThrough): void {
    const order = JSON.parse(line) as { execute: string; id?: string; arguments?: { uri?: string } };
    if (order.id === undefined) return;
    this.commands.push(order.execute);
    answers.write(`{"return": {}, "id": "${order.id}"}\n`);
    if (!order.execute.startsWith("migrate") || order.execute.endsWith("capabilities")) return;
    const to = /^exec:cat >(.*)$/.exec(order.arguments?.uri ?? "")?.[1];
    if (to !== undefined) writeFileSync(to, "state");
    answers.write(`{"event": "MIGRATION", "data": {"status": "${this.outcome}"}}\n`);
  }
}

describe("templates of VMs", () => {
  test("the first VM of a shape makes the template, later ones are copies with their own CID", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuTemplates(qemu.start);
    await templates.resume(config, folder);
    await templates.resume({ ...config, cid: 2049 }, folder);
    expect(qemu.starts.map(({ copy, memory, config: { cid } }) => [copy, memory.shared, cid])).toEqual([
      [false, true, 2048],
      [true, false, 2048],
      [true, false, 2049],
    ]);
    expect(qemu.starts.every(({ config: { kernelParams } }) => kernelParams.includes("avf.template=1"))).toBe(true);
    expect(qemu.commands.slice(-3)).toEqual(["migrate-set-capabilities", "migrate-incoming", "cont"]);
    expect(qemu.toGuest).toHaveLength(2);
    expect(qemu.toGuest[0]).toMatch(/^resume \d{13}\n$/);
    // The template's own machine is gone, those of the VMs are whoever asked's.
    expect(qemu.ended).toBe(1);
    expect(templates.pids()).toEqual([]);
  });

  test("VMs of one shape that start at once share the making; another memory, CPU or number of disks is another shape", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuTemplates(qemu.start);
    await Promise.all([templates.resume(config, folder), templates.resume({ ...config, cid: 2049 }, folder)]);
    expect(qemu.starts.filter(({ copy }) => !copy)).toHaveLength(1);
    await templates.resume({ ...config, memoryMib: 256 }, folder);
    await templates.resume({ ...config, cpuCount: 2 }, folder);
    await templates.resume({ ...config, disks: [...config.disks, ...config.disks] }, folder);
    expect(qemu.starts.filter(({ copy }) => !copy)).toHaveLength(4);
    await templates.resume({ ...config, kernelParams: [] }, folder);
    // The least used one made room.
    expect(readdirSync(folder)).toHaveLength(4);
  });

  test("a template that cannot be saved leaves nothing, and says why", async () => {
    const qemu = new ScriptedQemu();
    qemu.outcome = "failed";
    const templates = new QemuTemplates(qemu.start);
    await expect(templates.resume(config, folder)).rejects.toThrow("QEMU failed to migrate");
    expect(readdirSync(folder)).toEqual([]);
    expect(qemu.ended).toBe(1);
    qemu.outcome = "completed";
    await templates.resume(config, folder);
    expect(readdirSync(folder)).toHaveLength(1);
  });

  test("a copy that cannot be loaded is ended, and a QEMU that ends by itself is not waited for", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuTemplates(qemu.start);
    await templates.resume(config, folder);
    qemu.outcome = "failed";
    await expect(templates.resume(config, folder)).rejects.toThrow("QEMU failed to migrate-incoming");
    expect(qemu.ended).toBe(2);
    qemu.dies = true;
    await expect(templates.resume({ ...config, cpuCount: 2 }, folder)).rejects.toThrow(
      "QEMU ended (start-failed) while we waited for a template to boot",
    );
    expect(existsSync(folder)).toBe(true);
    expect(templates.pids()).toEqual([]);
  });
});
