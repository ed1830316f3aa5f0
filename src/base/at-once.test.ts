import { describe, expect, test } from "@jest/globals";
import { setTimeout as sleep } from "node:timers/promises";
import { atOnce } from "./at-once.js";

describe("atOnce", () => {
  test("hands back the values in the order given", async () => {
    const slow = async (): Promise<string> => {
      await sleep(5);
      return "slow";
    };
    expect(await atOnce(slow, async () => 1)).toEqual(["slow", 1]);
  });

  test("throws the failure of the first in the order given, once all have ended", async () => {
    const ended: string[] = [];
    const fail = (name: string, afterMs: number) => async (): Promise<never> => {
      await sleep(afterMs);
      ended.push(name);
      throw new Error(name);
    };
    const both = atOnce(fail("first", 10), fail("second", 1), () => {
      throw new Error("at once");
    });
    await expect(both).rejects.toThrow("first");
    expect(ended).toEqual(["second", "first"]);
  });
});
