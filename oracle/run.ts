/** `npm run oracle`: gives Android's own classes and the port the same thousands of cases, and prints where they differ. */
import { answerCase } from "../src/virtualmachine/testing/oracle/answer.js";
import { compareAnswers } from "../src/virtualmachine/testing/oracle/compare.js";
import type { Parting } from "../src/virtualmachine/testing/oracle/parting.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import { isFetched } from "./artifacts.js";
import { freeze } from "./freeze.js";
import { casesOf } from "./generate.js";
import { lackingFor, startOracle, type Oracle } from "./java.js";
import { writeMembers } from "./members.js";
import { readOptions, USAGE } from "./options.js";
import { shrink, sizeOf } from "./shrink.js";
import type { OracleCase } from "../src/virtualmachine/testing/oracle/cases.js";

main().catch((error: unknown) => {
  const { name, message, stack } = error as Error;
  if (name === "OptionError") process.stderr.write(`${message}\n\n${USAGE}`);
  else process.stderr.write(`${message.startsWith("Could not") ? message : String(stack)}\n`);
  process.exitCode = 2;
});

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const { kinds, seed, task } = options;
  if (task === "help") return void process.stdout.write(USAGE);
  if (task === "members") return void process.stdout.write(`${writeMembers()} written\n`);
  const releases = options.ifCan ? options.releases.filter(canAsk) : options.releases;
  if (task === "freeze") {
    for (const release of releases) process.stdout.write(`${await freeze(release, kinds)} written\n`);
    return;
  }
  if (releases.length === 0) return void process.stdout.write("Nothing was compared\n");
  process.stdout.write(`seed ${seed}\n`);
  let differing = 0;
  for (const release of releases) {
    const oracle = startOracle(release);
    try {
      for (const kind of kinds) {
        const cases = casesOf(kind, release, options.cases, seed);
        differing += await compareKind(oracle, release, cases, options.show);
      }
    } finally {
      oracle.end();
    }
  }
  process.stdout.write(
    `${differing === 0 ? "Nothing differs that docs/parity.md does not name" : `${differing} cases differ`}\n`,
  );
  process.exitCode = differing === 0 ? 0 : 1;
}

/** Says why not. Of the classes only those of one release are fetched for it: they are 150 MB each. */
function canAsk(release: AndroidRelease): boolean {
  const reason =
    lackingFor(release) ?? (release === 15 || isFetched(release) ? undefined : "its classes are not fetched yet");
  if (reason !== undefined) process.stdout.write(`Android ${release}: skipped, for ${reason}\n`);
  return reason === undefined;
}

async function compareKind(
  oracle: Oracle,
  release: AndroidRelease,
  cases: Iterable<OracleCase>,
  show: number,
): Promise<number> {
  const counts = new Map<string, number>();
  const partings = new Map<string, { count: number; parting: Parting }>();
  let total = 0;
  let kind = "";
  for (const given of cases) {
    total++;
    kind = given.kind;
    const verdict = await ask(oracle, release, given);
    const name = verdict.kind === "meant" ? verdict.difference.id : verdict.kind;
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (verdict.kind !== "differs") continue;
    const key = likeness(verdict.parting);
    const before = partings.get(key);
    const isSmaller = !before || sizeOf(given) < sizeOf(before.parting.given);
    partings.set(key, { count: (before?.count ?? 0) + 1, parting: isSmaller ? verdict.parting : before.parting });
  }
  const told = [...counts].map(([name, count]) => `${count} ${name}`).join(", ");
  process.stdout.write(`Android ${release} in Java ${oracle.java}, ${kind}: ${total} cases: ${told}\n`);
  for (const { count, parting } of await smallestFirst(oracle, release, [...partings.values()].slice(0, show))) {
    print(count, parting);
  }
  return counts.get("differs") ?? 0;
}

type Found = { readonly count: number; readonly parting: Parting };

async function smallestFirst(
  oracle: Oracle,
  release: AndroidRelease,
  found: readonly Found[],
): Promise<readonly Found[]> {
  const shrunk: Found[] = [];
  for (const { count, parting } of found) {
    const key = likeness(parting);
    let smallest = parting;
    await shrink(parting.given, async (smaller) => {
      const verdict = await ask(oracle, release, smaller);
      if (verdict.kind !== "differs" || likeness(verdict.parting) !== key) return false;
      smallest = verdict.parting;
      return true;
    });
    shrunk.push({ count, parting: smallest });
  }
  return shrunk.sort((a, b) => sizeOf(a.parting.given) - sizeOf(b.parting.given));
}

async function ask(
  oracle: Oracle,
  release: AndroidRelease,
  given: OracleCase,
): Promise<ReturnType<typeof compareAnswers>> {
  const [theirs, ours] = await Promise.all([oracle.ask(given), answerCase(given, release)]);
  return compareAnswers(given, release, theirs, JSON.parse(JSON.stringify(ours)) as typeof ours);
}

/** Differences of one kind, of which one is enough to look at. */
function likeness({ path, theirs, ours }: Parting): string {
  const plain = (value: unknown): string =>
    JSON.stringify(value ?? null)
      .replace(/\d+/g, "N")
      .slice(0, 80);
  return [path.replace(/\d+/g, "N"), plain(theirs), plain(ours)].join(" | ");
}

function print(count: number, { given, path, theirs, ours, answers }: Parting): void {
  const shown =
    given.kind === "xml" ? JSON.stringify(Buffer.from(given.bytes, "base64").toString()) : JSON.stringify(given);
  const short = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 400);
  process.stdout.write(
    `\n  ${count} times, at ${path}\n    case   ${shown}\n    theirs ${short(theirs)}\n    ours   ${short(ours)}\n`,
  );
  if (given.kind === "manager") {
    process.stdout.write(`    theirs ${short(answers.theirs["steps"])}\n    ours   ${short(answers.ours["steps"])}\n`);
  }
}
