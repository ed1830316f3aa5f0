/** An option of a VM that no command reads does nothing: it has to be marked so, for a caller to be told. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ANDROID_RELEASES } from "../../../../base/android-release.js";
import { dialectOf } from "./index.js";

const folder = join(__dirname, "../run");
const source = readdirSync(folder)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => readFileSync(join(folder, name), "utf8"))
  .join("\n");
const read = new Set([...source.matchAll(/\bargs\.(?:flag|values?)\("([a-z-]+)"\)/g)].map(([, name]) => name));

test.each(ANDROID_RELEASES)("release %d: each option of a run is read, or marked as without effect", (release) => {
  const runs = dialectOf(release).commands.filter(({ name }) => name.startsWith("run"));
  const options = runs.flatMap((command) => command.options);
  expect(options.length).toBeGreaterThan(10);
  expect(options.filter(({ long, effect }) => effect !== "none" && !read.has(long)).map(({ long }) => long)).toEqual(
    [],
  );
});
