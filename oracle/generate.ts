/** Random cases of each kind. */
import { builderCase, compatibleCase } from "./generate-config.js";
import { managerCase } from "./generate-manager.js";
import { xmlCase } from "./generate-xml.js";
import { Random } from "./random.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import type { OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

const MAKERS: Readonly<Record<OracleCase["kind"], (random: Random, release: AndroidRelease) => OracleCase>> = {
  builder: builderCase,
  compatible: compatibleCase,
  xml: xmlCase,
  manager: managerCase,
};

/** @param seed the same one gives the same cases of a release */
export function* casesOf(
  kind: OracleCase["kind"],
  release: AndroidRelease,
  count: number,
  seed: number,
): Generator<OracleCase> {
  const random = new Random(seed * 31 + release * 7 + kind.length);
  for (let i = 0; i < count; i++) yield MAKERS[kind](random, release);
}
