import { expect, test } from "@jest/globals";
import { AsyncLock } from "./async-lock.js";
import { deferred } from "./deferred.js";

test("work is done one after the other, as it came, also after work that failed", async () => {
  const lock = new AsyncLock();
  const steps: string[] = [];
  const first = deferred<void>();
  const work = (name: string, until: Promise<void>) => async (): Promise<string> => {
    steps.push(`${name} begins`);
    await until;
    steps.push(`${name} ends`);
    return name;
  };
  const failure = new Error("second");
  const all = Promise.allSettled([
    lock.run(work("first", first.promise)),
    lock.run(() => Promise.reject(failure)),
    lock.run(work("third", Promise.resolve())),
  ]);
  first.resolve();
  expect(await all).toEqual([
    { status: "fulfilled", value: "first" },
    { status: "rejected", reason: failure },
    { status: "fulfilled", value: "third" },
  ]);
  expect(steps).toEqual(["first begins", "first ends", "third begins", "third ends"]);
});
