import { describe, expect, test } from "@jest/globals";
import { deathReason, type EndOfVm } from "./death-reason.js";

const quiet: EndOfVm = {
  end: { kind: "shutdown" },
  failure: "",
  hangup: false,
  payloadStarted: true,
};

describe("death reason", () => {
  test.each([
    ["shutdown", "SHUTDOWN"],
    ["start-failed", "START_FAILED"],
    ["reboot", "REBOOT"],
    ["crash", "CRASH"],
    ["watchdog-reboot", "WATCHDOG_REBOOT"],
    ["killed", "KILLED"],
  ] as const)("of the monitor: %s is %s", (kind, reason) => {
    expect(deathReason({ ...quiet, end: { kind } })).toBe(reason);
  });

  test("an exit status that means nothing is UNKNOWN", () => {
    expect(deathReason({ ...quiet, end: { kind: "unknown", status: "exit status: 7" } })).toBe("UNKNOWN");
  });

  test("the guest's reason comes first, without what follows the bar", () => {
    const failure = "MICRODROID_PAYLOAD_HAS_CHANGED|the root hash differs";
    expect(deathReason({ ...quiet, end: { kind: "killed" }, failure })).toBe("MICRODROID_PAYLOAD_HAS_CHANGED");
  });

  test.each(["MICRODROID_PAYLOAD_HAS_CHANGED\n", " HANGUP", "SOMETHING_ELSE", "KILLED"])(
    "%j is not a reason: it is matched to the letter",
    (failure) => {
      expect(deathReason({ ...quiet, failure })).toBe("SHUTDOWN");
    },
  );

  test("a hang-up counts unless the guest gave a reason", () => {
    const killed: EndOfVm = { ...quiet, end: { kind: "killed" }, hangup: true };
    expect(deathReason(killed)).toBe("HANGUP");
    expect(deathReason({ ...killed, failure: "MICRODROID_UNKNOWN_RUNTIME_ERROR" })).toBe(
      "MICRODROID_UNKNOWN_RUNTIME_ERROR",
    );
    expect(deathReason({ ...killed, failure: "noise" })).toBe("KILLED");
  });

  test("a reset before the payload has started is a crash: the guest's own system does not restart itself", () => {
    expect(deathReason({ ...quiet, end: { kind: "reboot" }, payloadStarted: false })).toBe("CRASH");
    expect(deathReason({ ...quiet, end: { kind: "shutdown" }, payloadStarted: false })).toBe("SHUTDOWN");
    const failure = "MICRODROID_PAYLOAD_HAS_CHANGED|";
    expect(deathReason({ end: { kind: "reboot" }, failure, hangup: false, payloadStarted: false })).toBe(
      "MICRODROID_PAYLOAD_HAS_CHANGED",
    );
  });
});
