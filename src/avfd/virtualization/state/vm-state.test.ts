import { describe, expect, test } from "@jest/globals";
import { parseGuestNotification, stateAfter } from "./vm-state.js";

describe("notifications of a guest", () => {
  test.each([
    ["started", { kind: "started" }],
    ["ready", { kind: "ready" }],
    ["finished 0", { kind: "finished", exitCode: 0 }],
    ["finished -6", { kind: "finished", exitCode: -6 }],
    ["error 3 no task: really", { kind: "error", code: 3, message: "no task: really" }],
    ["error 0", { kind: "error", code: 0, message: "" }],
  ])("%j", (line, notification) => {
    expect(parseGuestNotification(line)).toEqual(notification);
  });

  test.each(["", "Started", "started ", "finished", "finished x", "finished 1 2", "error x", "hello"])(
    "%j is none",
    (line) => {
      expect(parseGuestNotification(line)).toBeUndefined();
    },
  );

  test("they move a VM forward only", () => {
    expect(stateAfter("STARTING", { kind: "started" })).toBe("STARTED");
    expect(stateAfter("STARTED", { kind: "ready" })).toBe("READY");
    expect(stateAfter("STARTING", { kind: "error", code: 3, message: "" })).toBe("FINISHED");
    expect(stateAfter("STARTED", { kind: "started" })).toBeUndefined();
    expect(stateAfter("READY", { kind: "started" })).toBeUndefined();
    expect(stateAfter("FINISHED", { kind: "ready" })).toBeUndefined();
    expect(stateAfter("DEAD", { kind: "finished", exitCode: 0 })).toBeUndefined();
  });
});
