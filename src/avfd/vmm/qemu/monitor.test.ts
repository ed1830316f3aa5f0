import { describe, expect, test } from "@jest/globals";
import { PassThrough, Duplex } from "node:stream";
import { parseMessage } from "../../../qmp/message.js";
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
    const message = parseMessage(line);
    expect(message?.kind === "event" ? describeQemuEvent(message)?.kind : undefined).toBe(kind);
  });

  test("asks for events, keeps the first reason, and reports when QEMU has closed it", async () => {
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
    expect(asked).toBe('{"execute":"qmp_capabilities","arguments":{},"id":1}\n');
  });
});
