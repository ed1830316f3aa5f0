import { describe, expect, test } from "@jest/globals";
import { callDevice } from "./call.js";

const never = (signal: AbortSignal): Promise<void> =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("told to end"))));

describe("callDevice", () => {
  test("returns what the work returns", async () => {
    expect(await callDevice("work", new AbortController().signal, {}, async () => 42)).toBe(42);
  });

  test("ends with the device's reason, which also aborts the work", async () => {
    const gone = new AbortController();
    let told = false;
    const call = callDevice("work", gone.signal, {}, (signal) => never(signal).catch(() => void (told = true)));
    gone.abort(new Error("cable pulled"));
    await expect(call).rejects.toThrow("cable pulled");
    expect(told).toBe(true);
  });

  test("ends with the caller's reason", async () => {
    const caller = new AbortController();
    const call = callDevice("work", new AbortController().signal, { signal: caller.signal }, never);
    caller.abort(new Error("test over"));
    await expect(call).rejects.toThrow("test over");
  });

  test("does not begin on a device that is gone", async () => {
    let begun = false;
    const call = callDevice("work", AbortSignal.abort(new Error("cable pulled")), {}, async () => void (begun = true));
    await expect(call).rejects.toThrow("cable pulled");
    expect(begun).toBe(false);
  });

  test("ends at its deadline, naming what it waited for", async () => {
    await expect(callDevice("the work", new AbortController().signal, { timeoutMs: 10 }, never)).rejects.toThrow(
      /the work/,
    );
  });
});
