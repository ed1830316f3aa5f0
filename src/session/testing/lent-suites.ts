/** Suites on devices that a lab lends, whose lease ends in the middle of a file. */
import { suite } from "./sample-suites.js";

const lent = (body: string): string =>
  suite(`
      import { appendFileSync } from "node:fs";
      import { basename } from "node:path";
      import type { Device } from "jest-avf";
      declare const loseLease: () => void, releases: () => readonly number[];
      const note = async (test: string, device: Device): Promise<void> => {
        const { stdout } = await device.exec(["cat", "/data/local/tmp/name"]);
        appendFileSync("notes", basename(__filename) + ": " + test + " on " + stdout + ", given back: " + releases() + "\\n");
      };
      let attempts = 0;
      ${body}`);

/** By file name. */
export const LENT_SUITES: Readonly<Record<string, string>> = {
  "in-a-test.test.ts": lent(`
      test("before it", async ({ device }) => { await note("before", device); });
      test("loses it once", async ({ device }) => {
        await note("middle", device);
        if (++attempts > 1) return;
        const call = device.exec(["sleep", "3600"]);
        loseLease();
        await call;
      });
      test("after it", async ({ device }) => { await note("after", device); });`),
  "between-tests.test.ts": lent(`
      test("before it", async ({ device }) => { await note("before", device); });
      test("loses it behind its last call", ({ device }) => { expect(device.gone.aborted).toBe(false); loseLease(); });
      test("after it", async ({ device }) => { await note("after", device); });`),
  "again-and-again.test.ts": lent(`
      test("loses each that it gets", async ({ device }) => { loseLease(); await device.exec(["true"]); });
      test("after it", async ({ device }) => { await note("after", device); });`),
  "in-hands-of-hooks.test.ts": lent(`
      let ofHooks: Device;
      beforeAll(() => { ofHooks = useAvf().device; });
      test("before it", async () => { await note("before", ofHooks); });
      test("loses it", async () => { loseLease(); await ofHooks.exec(["true"]); });
      test("after it", async () => { await note("after", ofHooks); });`),
};
