import { describe, expect, test } from "@jest/globals";
import { atOnce } from "./at-once.js";

describe("atOnce", () => {
  test("returns the values in the order given", async () => {
    const second = deferred();
    const first = async (): Promise<string> => second.promise.then(() => "first");
    const both = atOnce(first, async () => second.resolve());
    expect(await both).toEqual(["first", undefined]);
  });

  test("throws the failure of the first in the order given, once all have ended", async () => {
    const ended: string[] = [];
    const begun = { first: deferred(), second: deferred() };
    const fails = (name: "first" | "second") => async (): Promise<never> => {
      await begun[name].promise;
      ended.push(name);
      throw new Error(name);
    };
    const both = atOnce(fails("first"), fails("second"), () => {
      throw new Error("at once");
    });
    const failure = both.catch((error: unknown) => error);
    begun.second.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ended).toEqual(["second"]);
    begun.first.resolve();
    expect(await failure).toMatchObject({ message: "first" });
    expect(ended).toEqual(["second", "first"]);
  });
});

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
