import { PassThrough } from "node:stream";
import { expect, test } from "@jest/globals";
import { HarnessError } from "../../base/errors.js";
import type { Device } from "../../device/index.js";
import { guestAnswers } from "./answers.js";

const refusal = new HarnessError("vm", "VSOCK_REFUSED", "Nothing accepts connections.");

/** @param waitsMs how long adbd tries each of the connections that it is asked for; undefined: one that it accepts */
function deviceOf(waitsMs: readonly (number | undefined)[], beginsAt = "2026-12-01T00:00:53.422123Z"): Device {
  let atMs = Date.parse(beginsAt);
  const waits = [...waitsMs];
  const log = [
    "12-01 00:00:39.056001   218   218 E adbd    : failed to connect to socket 'vsock:2048:5555': could not",
  ];
  return {
    connect: async (address: string) => {
      const wait = waits.shift();
      if (wait === undefined) return new PassThrough();
      atMs += wait;
      const [, month, day, time] = /-(\d\d)-(\d\d)T(.*)Z/.exec(new Date(atMs).toISOString()) ?? [];
      log.push(
        `${month}-${day} ${time}001   218   218 E adbd    : failed to connect to socket '${address}': could not`,
      );
      throw refusal;
    },
    execShort: async () => ({ argv: [], exitCode: 0, output: log.reverse().join("\n") }),
  } as unknown as Device;
}

test.each<[what: string, answers: boolean, device: Device]>([
  ["one that resets each connection", true, deviceOf([9, 3, 2, 4, 3, 5])],
  ["one that lets each time out", false, deviceOf([2_020, 2_310, 2_010, 2_320, 2_290, 2_040])],
  ["over the end of a day", false, deviceOf([2_020, 2_310, 2_010, 2_320, 2_290, 2_040], "2026-11-30T23:59:55.000Z")],
  ["a slow one, which answered once", true, deviceOf([2_020, 2_310, 2_010, 40, 2_290, 2_040])],
  ["a starved device", true, deviceOf([2_020, 7_310, 2_010, 9_320, 2_290, 2_040])],
  ["one that accepts", true, deviceOf([2_020, 2_310, 2_010, undefined, 2_290, 2_040])],
])("%s: it answers is %s", async (_what, answers, device) => {
  expect(await guestAnswers(device, 2048)).toBe(answers);
});

test("what cannot be told is one that answers", async () => {
  const silent = { ...deviceOf([2_020, 2_310, 2_010, 2_320, 2_290, 2_040]) };
  expect(await guestAnswers({ ...silent, execShort: async () => ({ output: "" }) } as unknown as Device, 2048)).toBe(
    true,
  );
  const gone = { connect: () => Promise.reject(new Error("device offline")) } as unknown as Device;
  expect(await guestAnswers(gone, 2048)).toBe(true);
});
