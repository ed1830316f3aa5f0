/** The run as a whole: its tests over time by worker, its devices, what took longest, what failed. */
import type { IndexData, IndexTest } from "../../report-data.js";
import { duration, h, sign } from "../dom.js";
import type { Lane } from "./lanes.js";
import { Timeline } from "./timeline.js";

const SLOWEST = 8;

export function overview(index: IndexData): HTMLElement {
  const ran = index.tests.filter(({ ran }) => ran.length > 0);
  const failed = index.tests.filter(({ outcome }) => outcome === "failed" || outcome === "unfinished");
  const slow = [...index.tests].sort((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST);
  return h(
    "article",
    { class: "overview", "aria-labelledby": "overview-title" },
    h("h2", { id: "overview-title", tabindex: -1 }, "The run"),
    facts(index),
    ...index.notes.map((note) => h("p", { class: "note" }, note)),
    ...(index.parts.length === 0 ? [] : [h("h3", {}, "The runs that it is made of"), parts(index)]),
    ...(failed.length === 0 ? [] : [h("h3", {}, "What failed"), testTable(failed, true)]),
    ...(ran.length === 0 ? [] : [h("h3", {}, "Tests over time"), workers(index).element]),
    ...(slow.length === 0 ? [] : [h("h3", {}, "What took longest"), testTable(slow, false)]),
  );
}

function facts(index: IndexData): HTMLElement {
  const fact = (name: string, ...values: readonly string[]): HTMLElement =>
    h("div", {}, h("dt", {}, name), ...values.map((value) => h("dd", {}, value)));
  const devices = [...new Set(index.devices.map(({ description }) => description))];
  const builds = [...new Set(index.devices.map(({ build }) => build).filter((build) => build !== ""))];
  return h(
    "dl",
    { class: "facts wide" },
    fact("Began", new Date(index.startedAt).toLocaleString()),
    fact("Took", duration(index.durationMs)),
    ...(devices.length === 0 ? [] : [fact(devices.length === 1 ? "Device" : "Devices", ...devices)]),
    ...(builds.length === 0 ? [] : [fact("Build", ...builds)]),
    fact("Command", index.command),
    fact("Run", index.run),
  );
}

function parts(index: IndexData): HTMLElement {
  const line = ({ name, startedAt, durationMs, cutShort, counts }: IndexData["parts"][number]): HTMLElement => {
    const { passed, failed, unfinished, skipped } = counts;
    const bad = failed + unfinished > 0 || cutShort;
    const words = [`${passed} passed`, `${failed} failed`, `${skipped} skipped`];
    return h(
      "li",
      {},
      sign(bad ? "failed" : "passed"),
      ` ${name}: ${words.join(", ")}${cutShort ? ", cut short" : ""}; began ${new Date(startedAt).toLocaleString()}, took ${duration(durationMs)}`,
    );
  };
  return h("ul", { class: "parts" }, index.parts.map(line));
}

function workers(index: IndexData): Timeline {
  const lanes = index.workers.map((label, worker): Lane => {
    const items = index.tests.flatMap(({ id, title, outcome, ran }) =>
      ran
        .filter((attempt) => attempt.worker === worker)
        .map(({ startMs, endMs, bad }) => ({
          ...{ startMs, endMs, text: title, event: id },
          tone: bad ? "failed" : outcome === "flaky" ? "flaky" : "passed",
        })),
    );
    return { label, shape: "band", items: items.sort((a, b) => a.startMs - b.startMs) };
  });
  return new Timeline({
    lanes,
    durationMs: index.durationMs,
    label: "Tests of each worker over time",
    onPick: (id) => (location.hash = `test-${id}`),
  });
}

function testTable(tests: readonly IndexTest[], withReason: boolean): HTMLElement {
  const longest = tests.reduce((most, { durationMs }) => Math.max(most, durationMs), 1);
  const row = ({
    id,
    title,
    ancestors,
    file,
    outcome,
    durationMs,
    reason,
    failureClass,
    mark,
  }: IndexTest): HTMLElement => {
    const bar = h("span", { class: "bar" });
    bar.style.width = `${(durationMs / longest) * 100}%`;
    return h(
      "li",
      {},
      h(
        "a",
        { href: `#test-${id}` },
        sign(outcome),
        h(
          "span",
          { class: "name" },
          h("span", { class: "ancestors" }, `${[file, ...ancestors].join(" › ")} › `),
          title,
          withReason && reason !== "" ? h("span", { class: "reason" }, reason) : undefined,
        ),
        mark === "" ? undefined : h("span", { class: "badge mark" }, mark),
        failureClass === "" ? undefined : h("span", { class: `badge class-${failureClass}` }, failureClass),
        withReason ? undefined : h("span", { class: "scale" }, bar),
        h("span", { class: "took" }, duration(durationMs)),
      ),
    );
  };
  return h("ul", { class: "tests" }, tests.map(row));
}
