import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";
import { until } from "../../../../base/testing/until.js";
import { QmpClient } from "../../../../qmp/client.js";
import type { VmmConfig, VmmEnd, VmmProcess } from "../../contract.js";
import type { TemplateMemory } from "../qemu-args.js";
import { QemuCopies } from "./copies.js";
import type { RunningQemu } from "./running.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-templates-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fileOf(size: number, fd = 0): FileHandle {
  return { fd, stat: async () => ({ size }) } as unknown as FileHandle;
}

const config: VmmConfig = {
  ...{ cid: 2048, folder: "/vm", kernelPath: "/k", initrdPath: "/i", kernelParams: ["quiet"] },
  disks: [{ serial: "system", writable: false, file: fileOf(4096) }],
  ...{ memoryMib: 192, cpuCount: 1, gdbPort: undefined },
};

const memoriesIn = (templates: string): readonly string[] => readdirSync(join(templates, "memory"));

/** A QEMU that answers each command, and whose guest says at once that it may be copied. */
class ScriptedQemu {
  readonly commands: string[] = [];
  readonly starts: { readonly config: VmmConfig; readonly memory: TemplateMemory; readonly copy: boolean }[] = [];
  readonly toGuest: string[] = [];
  /** Names of files that became disks. */
  readonly files: string[] = [];
  readonly endedPids: number[] = [];
  /** What becomes of the first migrations. */
  readonly outcomes: string[] = [];
  /** What becomes of all others. */
  outcome = "completed";
  /** No migration comes to an end. */
  silent = false;
  /** What the template's guest says, piece by piece; the last one when the test wants. */
  ready = ["AVF_TEMPLATE_READY\n"];
  sayRest: () => void = () => undefined;
  /** Bytes that the guest has said and nobody has read, once it runs. */
  unread: () => number | undefined = () => undefined;
  /** Of the process that was started last. */
  qmp: QmpClient | undefined;
  /** The process ends before its guest has said anything. */
  dies = false;

  readonly start = async (given: VmmConfig, memory: TemplateMemory, stateFd?: number): Promise<RunningQemu> => {
    this.starts.push({ config: given, memory, copy: stateFd !== undefined });
    if (memory.use === "template") writeFileSync(memory.path, "memory");
    const answers = new PassThrough();
    const orders = new PassThrough();
    orders.on("data", (chunk: Buffer) => {
      for (const line of chunk.toString().trim().split("\n")) this.#obey(line, answers);
    });
    let end: (how: VmmEnd) => void = () => undefined;
    const ended = new Promise<VmmEnd>((resolve) => (end = resolve));
    const pid = 1000 + this.starts.length;
    void ended.then(() => this.endedPids.push(pid));
    const fromGuest = new PassThrough();
    const toGuest = new PassThrough().on("data", (chunk: Buffer) => void this.toGuest.push(chunk.toString()));
    if (this.dies) setImmediate(() => end({ kind: "start-failed" }));
    else if (stateFd === undefined) fromGuest.write(this.ready[0]);
    this.sayRest = () => this.ready.slice(1).forEach((piece) => fromGuest.write(piece));
    const process = { pid, ended, kill: () => end({ kind: "killed" }) } as VmmProcess;
    const qmp = (this.qmp = new QmpClient(Duplex.from({ readable: answers, writable: orders })));
    const failurePort = Duplex.from({ readable: fromGuest, writable: toGuest });
    this.unread = () => fromGuest.readableLength + failurePort.readableLength;
    return { process, qmp, failurePort };
  };

  /** Settles when the command came, after so many others, that many times. */
  async hasObeyed(command: string, after: number, times = 1): Promise<void> {
    while (this.commands.slice(after).filter((each) => each === command).length < times) {
      await once(this.#obeyed, "order");
    }
    // What it answers is on its way to whoever asked.
    await new Promise((resolve) => setImmediate(resolve));
  }

  readonly #obeyed = new EventEmitter();

  #obey(line: string, answers: PassThrough): void {
    const order = JSON.parse(line) as {
      execute: string;
      id: number;
      arguments?: { uri?: string; filename?: string };
    };
    if (order.arguments?.filename !== undefined) this.files.push(order.arguments.filename);
    answers.write(`{"return": {}, "id": ${order.id}}\n`);
    this.commands.push(order.execute);
    this.#obeyed.emit("order");
    if (!order.execute.startsWith("migrate") || order.execute.endsWith("capabilities") || this.silent) return;
    const to = /^exec:cat >(.*)$/.exec(order.arguments?.uri ?? "")?.[1];
    if (to !== undefined) writeFileSync(to, "state");
    const status = this.outcomes.shift() ?? this.outcome;
    answers.write(`{"event": "MIGRATION", "data": {"status": "${status}"}}\n`);
  }
}

describe("a copy that was prepared", () => {
  const prepare = async (qemu: ScriptedQemu, nextCid: number | undefined): Promise<QemuCopies> => {
    const copies = new QemuCopies(qemu.start);
    const first = await copies.resume(config, folder);
    const before = qemu.commands.length;
    first.bootEnded?.(() => nextCid);
    if (nextCid !== undefined) await qemu.hasObeyed("migrate-incoming", before);
    return copies;
  };
  const startedCids = (qemu: ScriptedQemu): readonly number[] =>
    qemu.starts.filter(({ copy }) => copy).map(({ config: { cid } }) => cid);

  test("becomes the next VM of its shape, with that one's disks, and is nobody's process until then", async () => {
    const qemu = new ScriptedQemu();
    const copies = await prepare(qemu, 2049);
    expect(startedCids(qemu)).toEqual([2048, 2049]);
    expect(copies.pids()).toEqual([1003]);
    const disks = [{ serial: "system", writable: false, file: fileOf(4096, 77) }];
    const vm = await copies.resume({ ...config, cid: 2049, disks }, folder);
    expect(vm.pid).toBe(1003);
    expect(copies.pids()).toEqual([]);
    expect(startedCids(qemu)).toEqual([2048, 2049]);
    expect(qemu.files.at(-1)).toBe(`/proc/${process.pid}/fd/77`);
    expect(qemu.toGuest.at(-1)).toMatch(/^resume \d{13} 2049 0\n$/);
  });

  test.each([
    ["another CID", { cid: 2050 }],
    ["another shape", { cid: 2049, memoryMib: 256 }],
  ])("ends when a VM of %s starts", async (_what, other) => {
    const qemu = new ScriptedQemu();
    const copies = await prepare(qemu, 2049);
    const vm = await copies.resume({ ...config, ...other }, folder);
    expect(vm.pid).not.toBe(1003);
    expect(qemu.endedPids).toContain(1003);
    expect(copies.pids()).toEqual([]);
  });

  test("ends when it is dropped, and none is made when no CID is left", async () => {
    const qemu = new ScriptedQemu();
    const copies = await prepare(qemu, 2049);
    await copies.dropPrepared();
    expect(qemu.endedPids).toContain(1003);
    expect(copies.pids()).toEqual([]);
    const none = new ScriptedQemu();
    await prepare(none, undefined);
    expect(startedCids(none)).toEqual([2048]);
  });

  test("gives its CID back before any other VM continues, however many wait", async () => {
    const qemu = new ScriptedQemu();
    const copies = await prepare(qemu, 2049);
    const other = { ...config, cid: 2049, memoryMib: 256 };
    const endedBy = async (call: Promise<unknown>): Promise<readonly number[]> => {
      await call;
      return [...qemu.endedPids];
    };
    const calls = [copies.dropPrepared(), copies.dropPrepared(), copies.resume(other, folder)];
    const ended = await Promise.all(calls.map(endedBy));
    expect(ended.map((pids) => pids.includes(1003))).toEqual([true, true, true]);
  });

  test("is one at most, however many boots end at once; one that is on its way is ended without waiting for it", async () => {
    const qemu = new ScriptedQemu();
    const copies = new QemuCopies(qemu.start);
    const first = await copies.resume(config, folder);
    const second = await copies.resume({ ...config, cid: 2049 }, folder);
    qemu.silent = true;
    const before = qemu.commands.length;
    first.bootEnded?.(() => 2050);
    second.bootEnded?.(() => 2050);
    await qemu.hasObeyed("migrate-incoming", before, 2);
    expect(qemu.endedPids).toEqual([1001, 1004]);
    expect(copies.pids()).toEqual([1005]);
    await copies.dropPrepared();
    expect(copies.pids()).toEqual([]);
  });

  test("runs no sooner than virtual CPUs may, and is not made when its template made room", async () => {
    const qemu = new ScriptedQemu();
    const copies = await prepare(qemu, 2049);
    let allow: () => void = () => undefined;
    const allowed = new Promise<void>((resolve) => (allow = resolve));
    const before = qemu.commands.length;
    const vm = copies.resume({ ...config, cid: 2049, mayRun: () => allowed }, folder);
    await qemu.hasObeyed("blockdev-reopen", before);
    expect(qemu.commands.slice(before)).not.toContain("cont");
    allow();
    rmSync(folder, { recursive: true });
    const starts = qemu.starts.length;
    (await vm).bootEnded?.(() => 2050);
    await copies.dropPrepared();
    expect(qemu.starts).toHaveLength(starts);
  });

  test("that could not be made is made again by the VM that needs it", async () => {
    const qemu = new ScriptedQemu();
    qemu.outcomes.push("completed", "completed", "failed");
    const copies = await prepare(qemu, 2049);
    const vm = await copies.resume({ ...config, cid: 2049 }, folder);
    expect(vm.pid).toBe(1004);
    expect(qemu.endedPids).toContain(1003);
  });
});

describe("templates of VMs", () => {
  test("the first VM of a shape makes the template, later ones are copies with their own CID", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuCopies(qemu.start);
    await templates.resume(config, folder);
    await templates.resume({ ...config, cid: 2049 }, folder);
    expect(qemu.starts.map(({ copy, memory, config: { cid } }) => [copy, memory.use, cid])).toEqual([
      [false, "template", 2048 + 2 ** 30],
      [true, "copy", 2048],
      [true, "copy", 2049],
    ]);
    expect(qemu.starts.every(({ config: { kernelParams } }) => kernelParams.includes("avf.template=1"))).toBe(true);
    expect(qemu.commands.slice(-5)).toEqual([
      ...["migrate-set-capabilities", "migrate-incoming", "blockdev-add", "blockdev-reopen", "cont"],
    ]);
    expect(qemu.toGuest).toHaveLength(2);
    expect(qemu.toGuest[0]).toMatch(/^resume \d{13} 2048 0\n$/);
    expect(qemu.toGuest[1]).toMatch(/^resume \d{13} 2049 0\n$/);
    // The template's own machine is gone, those of the VMs are whoever asked's.
    expect(qemu.endedPids).toHaveLength(1);
    expect(templates.pids()).toEqual([]);
  });

  test("a template is frozen when its guest has said the whole line, of which a copy would say the rest", async () => {
    const qemu = new ScriptedQemu();
    qemu.ready = ["AVF_TEMPLATE_READY", "\n"];
    const first = new QemuCopies(qemu.start).resume(config, folder);
    await until("what the guest has said so far to be read", () => qemu.unread() === 0);
    // Behind whatever that has led to.
    await qemu.qmp?.execute("query-status");
    expect(qemu.commands).toEqual(["query-status"]);
    qemu.sayRest();
    await first;
    expect(qemu.commands[1]).toBe("stop");
  });

  test("VMs of one shape that start at once share the making; another memory, CPU or set of disks is another shape", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuCopies(qemu.start);
    await Promise.all([templates.resume(config, folder), templates.resume({ ...config, cid: 2049 }, folder)]);
    expect(qemu.starts.filter(({ copy }) => !copy)).toHaveLength(1);
    await templates.resume({ ...config, memoryMib: 256 }, folder);
    await templates.resume({ ...config, cpuCount: 2 }, folder);
    await templates.resume({ ...config, disks: [...config.disks, ...config.disks] }, folder);
    expect(qemu.starts.filter(({ copy }) => !copy)).toHaveLength(4);
    for (const other of [{ serial: "metadata" }, { writable: true }]) {
      await templates.resume({ ...config, disks: config.disks.map((disk) => ({ ...disk, ...other })) }, folder);
    }
    expect(qemu.starts.filter(({ copy }) => !copy)).toHaveLength(6);
    await templates.resume({ ...config, kernelParams: [] }, folder);
    // The least used one made room.
    expect(readdirSync(folder)).toHaveLength(4 + 1);
    expect(memoriesIn(folder)).toEqual(readdirSync(folder).filter((name) => name !== "memory"));
  });

  test("disks of other sizes are reported to the guest, in the order of their serials, and do not change the shape", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuCopies(qemu.start);
    const disksOf = (...bytes: readonly number[]): VmmConfig["disks"] =>
      ["system", "metadata", "apk"].map((serial, at) => ({ serial, writable: false, file: fileOf(bytes[at] ?? 0) }));
    const first = await templates.resume({ ...config, disks: disksOf(4096, 512, 8192) }, folder);
    expect(qemu.toGuest.at(-1)).toMatch(/ 000\n$/);
    first.bootEnded?.(() => 2049);
    // The prepared one among them: what it has seen are the template's.
    for (const cid of [2049, 2050]) {
      await templates.resume({ ...config, cid, disks: disksOf(4096, 512, 12_288) }, folder);
      expect(qemu.toGuest.at(-1)).toMatch(/ 100\n$/);
    }
    expect(qemu.starts.map(({ memory }) => memory.use)).toEqual(["template", "copy", "copy", "copy"]);
    for (const { memory } of qemu.starts.slice(1)) expect(memory).toMatchObject({ diskBytes: [4096, 512, 8192] });
    expect(qemu.starts.some(({ memory }) => memory.use === "template" && "diskBytes" in memory)).toBe(false);
  });

  test("a template that cannot be saved leaves nothing, and says why", async () => {
    const qemu = new ScriptedQemu();
    qemu.outcome = "failed";
    const templates = new QemuCopies(qemu.start);
    await expect(templates.resume(config, folder)).rejects.toThrow("QEMU failed to migrate");
    expect(readdirSync(folder)).toEqual(["memory"]);
    expect(memoriesIn(folder)).toEqual([]);
    expect(qemu.endedPids).toHaveLength(1);
    qemu.outcome = "completed";
    await templates.resume(config, folder);
    expect(readdirSync(folder)).toHaveLength(1 + 1);
  });

  test("a copy that cannot be loaded is ended, and a QEMU that ends by itself is not waited for", async () => {
    const qemu = new ScriptedQemu();
    const templates = new QemuCopies(qemu.start);
    await templates.resume(config, folder);
    qemu.outcome = "failed";
    await expect(templates.resume(config, folder)).rejects.toThrow("QEMU failed to migrate-incoming");
    expect(qemu.endedPids).toHaveLength(2);
    qemu.dies = true;
    await expect(templates.resume({ ...config, cpuCount: 2 }, folder)).rejects.toThrow(
      "QEMU ended (start-failed) while waiting for a template to boot",
    );
    expect(existsSync(folder)).toBe(true);
    expect(templates.pids()).toEqual([]);
  });
});
