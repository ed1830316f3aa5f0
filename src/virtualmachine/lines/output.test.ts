/** Streams, lines, callbacks, events: what a VM lets others see. */
import { once } from "node:events";
import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { HISTORY_BYTES, OutputRecorder } from "./output.js";
import { OutputPipe, UNREAD_BYTES } from "../run/output-pipe.js";
import { memoryContext } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import type { VirtualMachineConfigBuilder } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { VirtualMachineCallback } from "../machine.js";
import type { VirtualMachine } from "../machine.js";
import type { MemoryService } from "../testing/memory-service.js";

type Change = (b: VirtualMachineConfigBuilder) => VirtualMachineConfigBuilder;

async function setUp(change: Change = (b) => b, overrides: Partial<VmContext> = {}): Promise<Setup> {
  const { context, service } = memoryContext(overrides);
  const config = change(new VirtualMachineConfig.Builder(context, "assets/c.json")).build();
  return { service, vm: await VirtualMachineManager.getInstance(context).create("vm1", config) };
}

interface Setup {
  readonly vm: VirtualMachine;
  readonly service: MemoryService;
}

const nextChunk = async (stream: NodeJS.ReadableStream): Promise<string> => {
  const data = once(stream, "data");
  stream.resume();
  const [chunk] = (await data) as [Buffer];
  stream.pause();
  return String(chunk);
};

describe("streams", () => {
  test("one pipe for all runs, which does not end when the VM stops", async () => {
    const { vm, service } = await setUp();
    const stream = vm.getConsoleOutput();
    expect(vm.getConsoleOutputStream()).toBe(stream);
    await vm.run();
    service.vm.print("first run");
    expect(await nextChunk(stream)).toBe("first run");
    await vm.stop();
    expect([stream.readableEnded, stream.destroyed]).toEqual([false, false]);
    await vm.run();
    service.vm.print("second run");
    expect(await nextChunk(vm.getConsoleOutput())).toBe("second run");
  });

  test("output that came before the first reader is still there", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.log("early");
    await vm.stop();
    expect(await nextChunk(vm.getLogOutput())).toBe("early");
    expect(vm.getLogOutputStream()).toBe(vm.getLogOutput());
  });

  test("console and log do not mix", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("console");
    service.vm.log("log");
    expect(await nextChunk(vm.getConsoleOutput())).toBe("console");
    expect(await nextChunk(vm.getLogOutput())).toBe("log");
  });

  test("a stream that was destroyed is followed by a new one", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    vm.getConsoleOutput().destroy();
    service.vm.print("later");
    expect(await nextChunk(vm.getConsoleOutput())).toBe("later");
  });

  test("output that is not captured cannot be read, but is kept as lines", async () => {
    const { vm, service } = await setUp((b) => b.setVmOutputCaptured(false));
    const off = "OUTPUT_NOT_CAPTURED: Capturing vm outputs is turned off";
    expect(await outcomeOf(() => vm.getConsoleOutput())).toBe(off);
    expect(await outcomeOf(() => vm.getLogOutput())).toBe(off);
    await vm.run();
    service.vm.print("hello\n");
    expect(vm.output.lines().map(({ text }) => text)).toEqual(["hello"]);
  });

  test("a pipe without a reader drops its oldest bytes, and counts them", () => {
    const pipe = new OutputPipe();
    for (let i = 0; i < 5; i++) pipe.write(Buffer.alloc(UNREAD_BYTES / 4, i));
    expect(pipe.droppedBytes).toBe(UNREAD_BYTES / 4);
    expect((pipe.reader().read() as Buffer)[0]).toBe(1);
  });

  test("what is typed while the VM is stopped waits for its next run", async () => {
    const { vm, service } = await setUp((b) => b.setVmConsoleInputSupported(true));
    const input = vm.getConsoleInput();
    expect(vm.getConsoleInput()).toBe(input);
    input.write("before\n");
    await vm.run();
    await new Promise((resolve) => input.write("while\n", resolve));
    expect(service.vm.typed).toEqual(["before\n", "while\n"]);
    await vm.stop();
    input.write("between\n");
    await vm.run();
    await new Promise((resolve) => input.write("again\n", resolve));
    expect(service.vms.map(({ typed }) => typed)).toEqual([
      ["before\n", "while\n"],
      ["between\n", "again\n"],
    ]);
  });
});

describe("lines", () => {
  test("are cut from the bytes, in order, with their stream, run and time", async () => {
    const { vm, service } = await setUp();
    const seen: string[] = [];
    vm.output.subscribe(({ text }) => seen.push(text));
    await vm.run();
    service.vm.print("one\r\ntw");
    service.vm.log("log\n");
    service.vm.print("o\nthree");
    expect(vm.output.pending("console")).toBe("three");
    await vm.stop();
    await vm.run();
    service.vm.print("four\n");
    expect(vm.output.lines()).toMatchObject([
      { stream: "console", text: "one", run: 1, sequence: 0 },
      { stream: "log", text: "log", run: 1, sequence: 1 },
      { stream: "console", text: "two", run: 1, sequence: 2 },
      { stream: "console", text: "three", run: 1, sequence: 3 },
      { stream: "console", text: "four", run: 2, sequence: 4 },
    ]);
    expect(vm.output.lines("log").map(({ text }) => text)).toEqual(["log"]);
    expect(vm.lastLines(1).map(({ text }) => text)).toEqual(["four"]);
    expect(seen).toEqual(["one", "log", "two", "three", "four"]);
    const times = vm.output.lines().map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test("a character cut in two by the transport is whole in its line", () => {
    const recorder = new OutputRecorder(() => undefined);
    for (const byte of Buffer.from("微机\n")) recorder.push("console", Buffer.from([byte]), 0, 1);
    expect(recorder.lines().map(({ text }) => text)).toEqual(["微机"]);
  });

  test("only the last 4 MiB of each stream are kept; the rest is counted", () => {
    const recorder = new OutputRecorder(() => undefined);
    recorder.push("log", Buffer.from("log stays\n"), 0, 1);
    const line = Buffer.from(`${"x".repeat(1023)}\n`);
    for (let i = 0; i < 8192; i++) recorder.push("console", line, i, 1);
    const kept = recorder.lines("console");
    expect(kept.length * 1024).toBeLessThanOrEqual(HISTORY_BYTES);
    expect(kept.length).toBeGreaterThan(3000);
    expect(recorder.droppedLines("console")).toBe(8192 - kept.length);
    expect(kept.at(-1)?.sequence).toBe(8192);
    expect(recorder.linesFrom(8190, "console").map(({ sequence }) => sequence)).toEqual([8190, 8191, 8192]);
    expect(recorder.linesFrom(0)[0]?.text).toBe("log stays");
  });

  test("consoleLines ends with the run", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    service.vm.print("one\n");
    const lines: string[] = [];
    for await (const line of vm.consoleLines()) {
      lines.push(line);
      if (line === "one") service.vm.print("two\nthree");
      if (line === "two") service.vm.die("SHUTDOWN");
    }
    expect(lines).toEqual(["one", "two", "three"]);
    await vm.run();
    service.vm.print("next run\n");
    await vm.stop();
    const again: string[] = [];
    for await (const line of vm.consoleLines()) again.push(line);
    expect(again).toEqual(["next run"]);
  });

  test("consoleLines waits for the first run, and ends with its signal", async () => {
    const { vm, service } = await setUp();
    const controller = new AbortController();
    const lines = vm.consoleLines({ signal: controller.signal, stream: "log" });
    const first = lines.next();
    await vm.run();
    service.vm.log("hello\n");
    expect(await first).toEqual({ done: false, value: "hello" });
    const second = lines.next();
    controller.abort();
    expect(await second).toEqual({ done: true, value: undefined });
  });
});

describe("callbacks", () => {
  const recording = (into: unknown[]): VirtualMachineCallback => ({
    onPayloadStarted: (vm) => into.push(["started", vm.getName()]),
    onPayloadReady: () => into.push("ready"),
    onPayloadFinished: (_vm, exitCode) => into.push(["finished", exitCode]),
    onError: (_vm, code, message, raw) => into.push(["error", code, message, raw]),
    onStopped: (vm, reason, raw) => into.push(["stopped", reason, raw.kind, vm.status]),
  });

  test("come in order, and onStopped once per run", async () => {
    const { vm, service } = await setUp();
    const calls: unknown[] = [];
    vm.setCallback({ execute: (task) => task() }, recording(calls));
    service.onStart = (run) => run.started();
    await vm.run();
    service.vm.ready();
    service.vm.finish(3);
    service.vm.die("SHUTDOWN");
    service.vm.die("CRASH");
    expect(calls).toEqual([["started", "vm1"], "ready", ["finished", 3], ["stopped", 3, "known", "STOPPED"]]);
    await vm.run();
    await vm.stop();
    expect(calls.slice(4)).toEqual([
      ["started", "vm1"],
      ["stopped", 1, "known", "STOPPED"],
    ]);
  });

  test("codes that Java has no name for arrive as UNKNOWN, with what the device said", async () => {
    const { vm, service } = await setUp();
    const calls: unknown[] = [];
    vm.setCallback(recording(calls));
    await vm.run();
    service.vm.fail("Unable to prepare encrypted storage");
    service.vm.die({ kind: "unrecognised", raw: "Unrecognised(99)" });
    await vm.run();
    service.vm.die("WATCHDOG_REBOOT");
    await vm.run();
    service.vm.die("VIRTUALIZATION_SERVICE_DIED");
    expect(calls).toEqual([
      ["error", 0, "Unable to prepare encrypted storage", { kind: "known", name: "UNKNOWN", value: 0 }],
      ["stopped", 2, "unrecognised", "STOPPED"],
      ["stopped", 2, "known", "STOPPED"],
      ["stopped", -1, "known", "STOPPED"],
    ]);
  });

  test("a later callback replaces the earlier, and clearCallback ends it", async () => {
    const { vm, service } = await setUp();
    const [first, second]: [unknown[], unknown[]] = [[], []];
    vm.setCallback(recording(first));
    vm.setCallback(recording(second));
    await vm.run();
    service.vm.started();
    vm.clearCallback();
    service.vm.ready();
    expect([first, second]).toEqual([[], [["started", "vm1"]]]);
  });

  test("run on the executor", async () => {
    const { vm, service } = await setUp();
    const [tasks, calls]: [(() => void)[], unknown[]] = [[], []];
    vm.setCallback({ execute: (task) => tasks.push(task) }, recording(calls));
    await vm.run();
    service.vm.started();
    expect(calls).toEqual([]);
    tasks.forEach((task) => task());
    expect(calls).toEqual([["started", "vm1"]]);
  });

  test("must be there", async () => {
    const { vm } = await setUp();
    expect(await outcomeOf(() => vm.setCallback(null as never))).toBe("NULL_ARGUMENT: callback must not be null");
    const noExecutor = (): void => vm.setCallback(null as never, {});
    expect(await outcomeOf(noExecutor)).toBe("NULL_ARGUMENT: executor must not be null");
  });

  test("one that throws is reported, and stops nothing", async () => {
    const messages: string[] = [];
    const { vm, service } = await setUp((b) => b, { log: (message) => messages.push(message) });
    vm.setCallback({
      onPayloadStarted: () => {
        throw new Error("boom");
      },
    });
    const events: string[] = [];
    vm.events.subscribe(({ event }) => events.push(event.kind));
    await vm.run();
    service.vm.started();
    expect(messages).toContain('a listener of VM "vm1" threw: boom');
    expect(events).toContain("payload-started");
  });
});

describe("histories", () => {
  test("can be followed from the beginning", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    const seen: string[] = [];
    const controller = new AbortController();
    const following = (async () => {
      for await (const { event } of vm.events.follow(controller.signal)) seen.push(event.kind);
    })();
    service.vm.started();
    await vm.stop();
    controller.abort();
    await following;
    expect(seen).toEqual(["state", "state", "payload-started", "died"]);
  });

  test("transitions can be subscribed to, and left", async () => {
    const { vm } = await setUp();
    const seen: string[] = [];
    const unsubscribe = vm.transitionLog.subscribe(({ status, cause }) => seen.push(`${status} ${cause.kind}`));
    await vm.run();
    await vm.stop();
    unsubscribe();
    await vm.delete();
    expect(seen).toEqual(["RUNNING run", "STOPPED stop"]);
    expect(vm.transitions.map(({ previous }) => previous)).toEqual([undefined, "STOPPED", "RUNNING", "STOPPED"]);
    expect(vm.transitions.map(({ run }) => run)).toEqual([0, 1, 1, 1]);
  });
});
