/** One test: how it ended, why, how to run it again, what was saved, and its lanes and events. */
import type { AttemptData, IndexTest, TestData } from "../report-data.js";
import { duration, h, sign } from "./dom.js";
import { EventList } from "./event-list.js";
import { failureBlock } from "./failure.js";
import { eventRows, lanesOf } from "./timeline/lanes.js";
import { pastStrip } from "./history/past.js";
import { subtestList } from "./subtests/list.js";
import { Timeline } from "./timeline/timeline.js";

const CLASSES: Readonly<Record<string, string>> = {
  test: "The test itself failed",
  product: "The VM or the device under test failed",
  infrastructure: "Host, device or network failed: the lab is broken, not the test",
};

export function testView(test: IndexTest, data: TestData | undefined): HTMLElement {
  const attempts = data?.attempts ?? [];
  const holder = h("div", {});
  const show = (attempt: number): void => {
    const chosen = attempts[attempt];
    holder.replaceChildren(
      ...(chosen === undefined ? [] : [attemptView(chosen, attempt === attempts.length - 1 ? data : undefined)]),
    );
  };
  show(attempts.length - 1);
  return h(
    "article",
    { class: "test", "aria-labelledby": "test-title" },
    h(
      "header",
      {},
      h(
        "p",
        { class: "crumbs" },
        [test.file, test.project === "" ? "" : `(${test.project})`, ...test.ancestors.map((name) => `› ${name}`)].join(
          " ",
        ),
      ),
      h("h2", { id: "test-title", tabindex: -1 }, sign(test.outcome), ` ${test.title}`),
      facts(test, attempts),
    ),
    data === undefined || data.rerun === "" ? undefined : rerun(data.rerun),
    attempts.length > 1 ? attemptTabs(attempts, show) : undefined,
    attempts.length === 0 ? notOurs(test, data) : holder,
  );
}

function facts(test: IndexTest, attempts: readonly AttemptData[]): HTMLElement {
  const last = attempts.at(-1);
  const fact = (name: string, value: string): HTMLElement | undefined =>
    value === "" ? undefined : h("div", {}, h("dt", {}, name), h("dd", {}, value));
  return h(
    "dl",
    { class: "facts" },
    h("div", {}, h("dt", {}, "Outcome"), h("dd", { class: `outcome ${test.outcome}` }, test.outcome)),
    test.failureClass === ""
      ? undefined
      : h("div", { title: CLASSES[test.failureClass] ?? "" }, h("dt", {}, "Class"), h("dd", {}, test.failureClass)),
    fact("Took", duration(test.durationMs)),
    past(test),
    fact("Device", last?.device ?? ""),
    fact("VM monitor", last?.vmm ?? ""),
    fact("VMs", last === undefined ? "" : last.machines.map(({ name }) => name).join(", ")),
    fact("Worker", last?.worker ?? ""),
    attempts.length > 1 ? fact("Attempts", String(attempts.length)) : undefined,
  );
}

function past({ past, mark, pastDetail }: IndexTest): HTMLElement | undefined {
  if (past === "") return undefined;
  const words = [mark, pastDetail].filter((part) => part !== "").join(": ");
  return h("div", {}, h("dt", {}, "Runs before"), h("dd", {}, pastStrip(past), words === "" ? undefined : ` ${words}`));
}

function rerun(command: string): HTMLElement {
  const copied = h("span", { role: "status", class: "copied" });
  const copy = (): void => {
    void navigator.clipboard.writeText(command).then(
      () => (copied.textContent = "copied"),
      () => (copied.textContent = "select and copy it by hand"),
    );
  };
  return h(
    "div",
    { class: "rerun" },
    h("code", {}, command),
    h("button", { type: "button", class: "tool", on: { click: copy } }, "Copy"),
    copied,
  );
}

function attemptTabs(attempts: readonly AttemptData[], show: (attempt: number) => void): HTMLElement {
  const buttons = attempts.map(({ status }, index) => {
    const pressed = String(index === attempts.length - 1);
    return h(
      "button",
      { type: "button", class: "chip", "aria-pressed": pressed },
      sign(status),
      ` Attempt ${index + 1}`,
    );
  });
  buttons.forEach((button, index) =>
    button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      show(index);
    }),
  );
  return h("div", { class: "attempts", role: "group", "aria-label": "Attempts" }, ...buttons);
}

/** @param data of the test, when this is its last attempt: Jest's own words of the failure are there */
function attemptView(attempt: AttemptData, data: TestData | undefined): HTMLElement {
  const failures = data !== undefined && data.failures.length > 0 ? data.failures : attempt.errors;
  const rows = eventRows(attempt);
  const timeline = new Timeline({
    lanes: lanesOf(attempt, rows),
    durationMs: attempt.durationMs,
    label: "Lanes of this test and its VMs",
    onPick: (event) => list.select(event),
  });
  const list = new EventList({
    rows,
    onSelect: (event, near) => {
      const row = rows[event];
      if (row !== undefined) timeline.select(event, row.startMs, row.endMs, near);
    },
    onFound: (found) => timeline.highlight(found),
  });
  const failed = rows.findIndex((row) => row.failed && row.kind === "assertion");
  // Once it is in the page, so that it knows how high it is.
  if (failed >= 0) requestAnimationFrame(() => list.select(failed));
  const dropped = `${attempt.droppedLines} lines of consoles and logs are not in this page. What was saved of a failure has the last 4 MiB of each.`;
  return h(
    "div",
    {},
    ...failures.map((failure) => failureBlock(failure)),
    attempt.status === "unfinished"
      ? h("p", { class: "note" }, "The run, or its process, ended before this test did.")
      : undefined,
    evidence(attempt),
    subtestList(attempt.subtests),
    h("h3", {}, "Timeline"),
    timeline.element,
    h("h3", {}, "Events"),
    attempt.droppedLines > 0 ? h("p", { class: "note" }, dropped) : undefined,
    list.element,
    ...attempt.machines.map(({ name, config }) =>
      h("details", { class: "config" }, h("summary", {}, `Configuration of ${name}`), h("pre", {}, config)),
    ),
  );
}

function evidence({ evidence: files }: AttemptData): HTMLElement | undefined {
  if (files.length === 0) return undefined;
  return h(
    "nav",
    { class: "evidence", "aria-label": "Saved for this failure" },
    h("span", {}, "Saved"),
    ...files.map(({ name, href }) => h("a", { href }, name)),
  );
}

function notOurs(test: IndexTest, data: TestData | undefined): HTMLElement {
  const reason =
    test.reason === "" ? "This test used no device, so there is nothing to show of it but its result." : test.reason;
  return h(
    "div",
    {},
    ...(data?.failures ?? []).map((failure) => failureBlock(failure)),
    h("p", { class: "note" }, reason),
  );
}
