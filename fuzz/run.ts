/**
 * `npm run fuzz -- [--seconds N] [--seed N] [TARGET…]`: the guest's C parsers under libFuzzer with ASan and UBSan, then
 * the parsers of this host under a mutator of our own. Exit code 1 when one of them fails, ran nothing, or was named and
 * cannot run here; without names, guest targets are skipped if there is no clang.
 */
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { anyOf } from "../src/base/text/word-list.js";
import { ensurePackages } from "../src/emulator/setup.js";
import { compile, guestLibraries, runGuest, whyNoClang } from "./guest.js";
import { runHost } from "./host.js";
import { parsers } from "./parsers.js";
import { root } from "./root.js";
import { sideBySide } from "./side-by-side.js";
import { GUEST_TARGETS } from "./targets.js";

const DEFAULT_SECONDS = 60;
const MAX_SEED = 2 ** 31;

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly findings: string;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { seconds: { type: "string" }, seed: { type: "string" } },
    allowPositionals: true,
  });
  const findings = join(root, "fuzz/findings");
  const options: Options = {
    seconds: number(values.seconds, "--seconds") ?? DEFAULT_SECONDS,
    seed: number(values.seed, "--seed") ?? randomInt(1, MAX_SEED),
    findings,
  };
  const host = (await parsers()).map(({ name }) => `host/${name}`);
  const known = [...GUEST_TARGETS.map(({ name }) => `guest/${name}`), ...host];
  const wanted =
    positionals.length === 0 ? known : known.filter((name) => positionals.some((part) => name.includes(part)));
  if (wanted.length === 0) throw new Error(`no target matches ${anyOf(positionals)}; there are ${known.join(", ")}`);
  say(`${wanted.length} targets, ${options.seconds} s each, --seed ${options.seed}`);
  mkdirSync(findings, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "jest-avf-fuzz-"));
  try {
    const failed = [
      ...(await fuzzGuest(wanted, folder, { ...options, named: positionals.length > 0 })),
      ...(await fuzzHost(
        wanted.filter((name) => host.includes(name)),
        options,
      )),
    ];
    if (failed.length === 0) return 0;
    say(`At fault: ${failed.join(", ")}. Inputs that were found are in ${findings}`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    removeIfEmpty(findings);
  }
}

async function fuzzGuest(
  wanted: readonly string[],
  folder: string,
  options: Options & { readonly named: boolean },
): Promise<readonly string[]> {
  const targets = GUEST_TARGETS.filter(({ name }) => wanted.includes(`guest/${name}`));
  const missing = targets.length === 0 ? undefined : whyNoClang(folder);
  if (missing !== undefined) {
    const names = targets.map(({ name }) => `guest/${name}`);
    say(options.named ? `${names.join(", ")} cannot run: ${missing}` : `guest: skipped, ${missing}`);
    return options.named ? names : [];
  }
  if (targets.length === 0) return [];
  const libraries = guestLibraries(await ensurePackages({ step: say, detail: () => undefined }), folder);
  const failed = await sideBySide(targets, async (target) => {
    const { runs, fault } = await runGuest(target, compile(target, folder, libraries), { ...options, folder });
    say(`guest/${target.name}: ${runs} runs${fault === undefined ? "" : `, ${fault}`}`);
    return fault === undefined ? [] : [`guest/${target.name}`];
  });
  return failed.flat();
}

async function fuzzHost(wanted: readonly string[], options: Options): Promise<readonly string[]> {
  const failed = await sideBySide(wanted, async (name) => {
    const { runs, accepted, fault } = await runHost(name.slice("host/".length), options);
    say(`${name}: ${runs} runs, ${accepted} accepted${fault === undefined ? "" : `\n${fault}`}`);
    return fault === undefined ? [] : [name];
  });
  return failed.flat();
}

function number(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`${option} is a whole number from 1, not ${text}`);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It has inputs of this run or one before.
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`fuzz: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
