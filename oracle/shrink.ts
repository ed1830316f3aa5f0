/** The smallest case that still differs: parts are left out as long as it does. */
import type { OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

export async function shrink(
  given: OracleCase,
  stillDiffers: (smaller: OracleCase) => Promise<boolean>,
): Promise<OracleCase> {
  let smallest = given;
  for (let budget = 200; budget > 0;) {
    const before = smallest;
    for (const smaller of smallerOnes(smallest)) {
      if (--budget <= 0) break;
      if (!(await stillDiffers(smaller))) continue;
      smallest = smaller;
      break;
    }
    if (smallest === before) break;
  }
  return smallest;
}

export function sizeOf(given: OracleCase): number {
  return JSON.stringify(given).length;
}

function* smallerOnes(given: OracleCase): Generator<OracleCase> {
  switch (given.kind) {
    case "builder":
      for (const calls of without(given.config.calls)) yield { ...given, config: { ...given.config, calls } };
      return;
    case "compatible":
      for (const calls of without(given.a.calls)) yield { ...given, a: { ...given.a, calls } };
      for (const calls of without(given.b.calls)) yield { ...given, b: { ...given.b, calls } };
      return;
    case "xml": {
      const text = Buffer.from(given.bytes, "base64").toString("latin1").split("\n");
      for (const lines of without(text)) {
        yield { ...given, bytes: Buffer.from(lines.join("\n"), "latin1").toString("base64") };
      }
      return;
    }
    case "manager":
      for (const steps of without(given.steps)) yield { ...given, steps };
      for (const [name, config] of Object.entries(given.configs)) {
        for (const calls of without(config.calls)) {
          yield { ...given, configs: { ...given.configs, [name]: { ...config, calls } } };
        }
      }
  }
}

/** The halves, then each with one element less. */
function* without<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length > 3) {
    yield items.slice(0, items.length >> 1);
    yield items.slice(items.length >> 1);
  }
  for (let at = items.length - 1; at >= 0; at--) yield [...items.slice(0, at), ...items.slice(at + 1)];
}
