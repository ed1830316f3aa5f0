/** Failures as GitHub's workflow commands, which it shows beside the lines of a change. */
import { isAbsolute, relative, resolve } from "node:path";
import { withSlashes } from "../base/text/slashes.js";
import { failureLine, failureText, isBad } from "./failure-text.js";
import type { RunModel } from "./model/run-model.js";

/** A page shows few; the rest is in the reports. */
const MAX_ANNOTATIONS = 50;

/** Lines for stdout, unless no GitHub workflow runs us. */
export function annotations(run: RunModel, environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  if (environment["GITHUB_ACTIONS"] !== "true") return [];
  const place = (file: string): string => pathInCheckout(resolve(run.rootDir, file), environment) ?? file;
  const failed = run.tests.filter(isBad).map((test) => {
    const { line, column } = failureLine(test) ?? {};
    const title = [...test.ancestors, test.title].join(" › ");
    const message = `${failureText(test)}\n\nRun it again: ${test.rerun}`;
    return command("error", { file: place(test.file), line, col: column, title }, message);
  });
  const flaky = run.tests
    .filter(({ outcome }) => outcome === "flaky")
    .map((test) => {
      const message = `It failed before it passed:\n\n${test.earlierFailures.join("\n\n")}`;
      return command("warning", { file: place(test.file), line: test.line, title: test.name }, message);
    });
  const broken = run.brokenFiles.map(({ file, failure }) =>
    command("error", { file: place(file), title: "The file could not run" }, failure),
  );
  return [...failed, ...broken, ...flaky].slice(0, MAX_ANNOTATIONS);
}

/** GitHub's pages know a file by its path in the checkout, of which the project may be a folder. */
function pathInCheckout(path: string, { GITHUB_WORKSPACE: checkout }: NodeJS.ProcessEnv): string | undefined {
  if (checkout === undefined || checkout === "") return undefined;
  const inside = relative(checkout, path);
  return inside.startsWith("..") || isAbsolute(inside) ? undefined : withSlashes(inside);
}

function command(
  name: string,
  properties: Readonly<Record<string, string | number | undefined>>,
  message: string,
): string {
  const shown = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escapeProperty(String(value))}`],
  );
  return `::${name} ${shown.join(",")}::${escapeData(message)}`;
}

function escapeData(value: string): string {
  return value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(value: string): string {
  return escapeData(value).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
