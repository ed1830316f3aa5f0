import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
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

  describe("with a deadline that no timer can take", () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    test.each([2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])("%d ms: is not over at once", async (timeoutMs) => {
      const work = (): Promise<string> => new Promise((resolve) => setTimeout(() => resolve("done"), 1000));
      const call = callDevice("work", new AbortController().signal, { timeoutMs }, work);
      const ends = expect(call).resolves.toBe("done");
      await jest.advanceTimersByTimeAsync(1000);
      await ends;
    });
  });
});
