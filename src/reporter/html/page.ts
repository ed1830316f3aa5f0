/**
 * The HTML report: one file that opens from disk, asks nothing of any network, and runs only the script that it brings.
 * What came from tests and devices is in it as JSON, never as markup.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { quoted } from "../../base/text/quoted.js";
import { failureText, isBad, reasonOf, workerOf } from "../failure-text.js";
import { countTests, type RunModel, type TestModel } from "../model/run-model.js";
import type { IndexData, IndexTest } from "./report-data.js";
import { subtestsText, testData, type LineBudget } from "./test-data.js";

/** Beyond this a page takes seconds to open. Failed tests are served first. */
export const MAX_LINES = 120_000;
const MAX_LINES_OF_PASSED = 40_000;
export const MAX_CHARACTERS = 24 << 20;

/** Made by the build from client/. */
const CLIENT = join(packageRoot, "dist/reporter/html/client");

interface PageAssets {
  readonly script: string;
  readonly style: string;
}

export function reportPage(run: RunModel, assets = readAssets()): Generator<string, void, undefined> {
  return pageOf(run, testBlocks(run), assets);
}

/** What each test has to show, as JSON. Those that failed have the first claim on the lines there is room for. */
function* testBlocks(run: RunModel): Generator<TestBlock, void, undefined> {
  const budget: LineBudget = { left: MAX_LINES, charactersLeft: MAX_CHARACTERS };
  for (const test of run.tests.filter(isBad)) yield { id: test.id, json: JSON.stringify(testData(test, budget)) };
  budget.left = Math.min(budget.left, MAX_LINES_OF_PASSED);
  for (const test of run.tests.filter((test) => !isBad(test))) {
    if (test.attempts.length > 0) yield { id: test.id, json: JSON.stringify(testData(test, budget)) };
  }
}

/** `json` is that of a `TestData`. */
export interface TestBlock {
  readonly id: number;
  readonly json: string;
}

/** The page of a run, with its tests one after the other. */
export function* pageOf(
  run: RunModel,
  tests: Iterable<TestBlock>,
  { script, style } = readAssets(),
): Generator<string, void, undefined> {
  yield "<!doctype html>\n";
  yield `<html lang="en"><head><meta charset="utf-8">\n`;
  yield `<meta http-equiv="Content-Security-Policy" content="${policy(script, style)}">\n`;
  yield `<meta name="viewport" content="width=device-width, initial-scale=1">\n`;
  yield `<meta name="color-scheme" content="light dark">\n`;
  yield `<title>${escapeHtml(`${run.project}: ${summary(run)}`)}</title>\n`;
  yield `<style>${style}</style></head><body>\n`;
  yield `<noscript>This report needs its script. The same results are in junit.xml beside it.</noscript>\n`;
  yield `<div id="app"></div>\n`;
  yield dataBlock("index", JSON.stringify(indexData(run)));
  for (const { id, json } of tests) yield dataBlock(`test-${id}`, json);
  yield `<script>${script}</script>\n</body></html>\n`;
}

function readAssets(): PageAssets {
  const read = (name: string): string => readFileSync(join(CLIENT, name), "utf8");
  return { script: read("client.bundle.js"), style: read("style.css").replace(/\/\*# sourceMappingURL=.*?\*\//, "") };
}

function policy(script: string, style: string): string {
  const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return `default-src 'none'; script-src ${hash(script)}; style-src ${hash(style)}; base-uri 'none'; form-action 'none'`;
}

/** Within it only `</script` and `<!--` would mean anything to a browser. */
function dataBlock(id: string, json: string): string {
  return `<script type="application/json" id="${id}">${json.replaceAll("<", "\\u003c")}</script>\n`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function summary(run: RunModel): string {
  const { passed, failed, skipped, unfinished } = countTests(run);
  const parts = [`${passed} passed`, `${failed} failed`, `${skipped} skipped`];
  return [...parts, ...(unfinished > 0 ? [`${unfinished} unfinished`] : [])].join(", ");
}

function indexData(run: RunModel): IndexData {
  const workers = new Map(run.tests.flatMap(({ attempts }) => attempts.map((one) => [one.pid, workerOf(one)])));
  const places = new Map([...workers.keys()].map((pid, place) => [pid, place]));
  return {
    project: run.project,
    run: run.name,
    version: run.version,
    command: ["npx jest", ...run.argv.map((argument) => quoted(argument))].join(" "),
    startedAt: new Date(run.startedWallMs).toISOString(),
    durationMs: Math.round(run.durationMs),
    cutShort: run.cutShort,
    counts: countTests(run),
    devices: run.devices.map(({ serial, description, properties }) => {
      return { serial, description, build: properties["ro.build.fingerprint"] ?? "" };
    }),
    workers: [...workers.values()],
    tests: run.tests.map((test) => indexTest(test, places)),
    brokenFiles: run.brokenFiles.map(({ file, failure }) => ({ file, failure })),
    parts: (run.merged?.parts ?? []).map(({ name, startedWallMs, durationMs, cutShort, counts }) => ({
      ...{ name, durationMs: Math.round(durationMs), cutShort, counts },
      startedAt: new Date(startedWallMs).toISOString(),
    })),
    notes: run.merged?.notes ?? [],
  };
}

function indexTest(test: TestModel, places: ReadonlyMap<number, number>): IndexTest {
  const { id, file, project = "", ancestors, title, outcome, durationMs, attempts, failureClass = "" } = test;
  const reason = isBad(test) ? reasonOf(failureText(test)) : (test.skipReason ?? "");
  return {
    ...{ id, file, project, ancestors, title, outcome, failureClass, reason },
    ...{ past: test.past?.strip ?? "", mark: test.past?.mark ?? "", pastDetail: test.past?.detail ?? "" },
    subtests: subtestsText(test.subtests),
    durationMs: Math.round(durationMs),
    ran: attempts.map(({ startMs, endMs, pid, status }) => ({
      startMs: Math.round(startMs),
      endMs: Math.round(endMs),
      worker: places.get(pid) ?? -1,
      bad: status === "failed" || status === "unfinished",
    })),
  };
}
