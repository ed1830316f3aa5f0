import { describe, expect, test } from "@jest/globals";
import { PassThrough, Duplex } from "node:stream";
import { describeQemuEvent, QemuMonitor } from "./monitor.js";

const shutdown = (reason: string): string =>
  `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "data": {"guest": true, "reason": "${reason}"}}`;

describe("QEMU's monitor", () => {
  test.each([
    [shutdown("guest-reset"), "reboot"],
    [shutdown("guest-shutdown"), "shutdown"],
    [shutdown("guest-panic"), "crash"],
    [shutdown("host-signal"), "killed"],
    [shutdown("host-error"), "unknown"],
    ['{"event": "GUEST_PANICKED", "data": {"action": "poweroff"}}', "crash"],
    ['{"event": "RTC_CHANGE", "data": {"offset": 1}}', undefined],
    ['{"return": {}}', undefined],
    ["no JSON", undefined],
    ["null", undefined],
  ])("%s means %p", (line, kind) => {
    expect(describeQemuEvent(line)?.kind).toBe(kind);
  });

  test("matches answers to their commands, whatever comes between, and hands on QEMU's refusals", async () => {
    const asked = new PassThrough();
    const answers = new PassThrough();
    const monitor = new QemuMonitor(Duplex.from({ readable: answers, writable: asked }));
    const stopped = monitor.event("MIGRATION", ({ status }) => status === "completed");
    const first = monitor.execute("stop");
    const second = monitor.execute("migrate", { uri: "exec:no" });
    second.catch(() => undefined);
    answers.write('{"event": "MIGRATION", "data": {"status": "active"}}\n');
    answers.write('{"error": {"class": "GenericError", "desc": "no such thing"}, "id": "avf-2"}\n');
    answers.write('{"return": {"a": 1}, "id": "avf-1"}\n{"event": "MIGRATION", "data": {"status": "completed"}}\n');
    await expect(first).resolves.toEqual({ a: 1 });
    await expect(second).rejects.toThrow("QEMU refused migrate: no such thing");
    await expect(stopped).resolves.toEqual({ status: "completed" });
    expect(String(asked.read())).toContain('{"execute":"migrate","arguments":{"uri":"exec:no"},"id":"avf-2"}\n');
    answers.end();
    await monitor.closed;
  });

  test("asks for events, keeps the first reason, and tells when QEMU has closed it", async () => {
    const fromQemu = new PassThrough();
    let asked = "";
    const stream = Duplex.from({
      readable: fromQemu,
      writable: async (source: AsyncIterable<Buffer>) => {
        for await (const chunk of source) asked += String(chunk);
      },
    });
    const monitor = new QemuMonitor(stream);
    fromQemu.write('{"event": "GUEST_PANICKED", "data": {}}\n');
    fromQemu.end(`${shutdown("guest-reset")}\n`);
    await monitor.closed;
    expect(monitor.end).toEqual({ kind: "crash" });
    expect(asked).toBe('{"execute":"qmp_capabilities"}\n');
  });
});
