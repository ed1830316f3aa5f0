import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { counterSpeed } from "./counter-speed.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "avf-counter-"))));
afterAll(() => rmSync(folder, { recursive: true }));

const MODEL = "Intel(R) Xeon(R) Processor";
function speedOf(bogomips: string, model = MODEL): string {
  const file = join(folder, "cpuinfo");
  writeFileSync(file, `processor\t: 0\nmodel name\t: ${model}\ncpu MHz\t\t: 3100.1\nbogomips\t: ${bogomips}\n\n`);
  return counterSpeed(file);
}

test("what the kernel measured a little differently at another boot is the same counter", () => {
  expect(speedOf("4600.00")).toBe(speedOf("4599.87"));
  expect(speedOf("4600.00")).toContain(MODEL);
});

test("another speed, and another model that is as fast, are others", () => {
  const speeds = [speedOf("4600.00"), speedOf("5200.00"), speedOf("4600.00", "AMD EPYC 7763 64-Core Processor")];
  expect(new Set(speeds).size).toBe(3);
});

test("a host that does not show it has one fixed answer", () => {
  expect(counterSpeed(join(folder, "none"))).toBe(counterSpeed(join(folder, "none-either")));
});
