/** The page of a run: its head, the list of tests, and what the address names: the run as a whole, or one test. */
import type { IndexData, TestData } from "../report-data.js";
import { duration, h, readData } from "./dom.js";
import { overview } from "./timeline/overview.js";
import { Results } from "./results.js";
import { testView } from "./test-view.js";

const OUTCOMES = ["passed", "flaky", "failed", "unfinished", "skipped"] as const;

function start(): void {
  const index = readData<IndexData>("index");
  const app = document.getElementById("app");
  if (index === undefined || app === null) return;
  const results = new Results(index);
  const main = h("main", { id: "main" });
  app.replaceChildren(
    h("a", { class: "skip", href: "#main", on: { click: (event: Event) => skip(event, main) } }, "Skip to the results"),
    head(index),
    h("div", { class: "columns" }, results.element, main),
  );
  const route = (): void => show(index, main, results);
  addEventListener("hashchange", route);
  addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing) {
      event.preventDefault();
      results.focusSearch();
    } else if (event.key === "Escape" && !typing && location.hash !== "") location.hash = "";
  });
  route();
}

function show(index: IndexData, main: HTMLElement, results: Results): void {
  const id = /^#test-(\d+)$/.exec(location.hash)?.[1];
  const test = index.tests.find((candidate) => String(candidate.id) === id);
  document.body.classList.toggle("one-test", test !== undefined);
  results.mark(test?.id);
  const back = h("a", { class: "back", href: "#" }, "‹ All tests");
  const view = test === undefined ? overview(index) : testView(test, readData<TestData>(`test-${test.id}`));
  main.replaceChildren(...(test === undefined ? [] : [back]), view);
  main.scrollTop = 0;
  if (test !== undefined) {
    scrollTo(0, 0);
    document.getElementById("test-title")?.focus({ preventScroll: true });
  }
}

function head(index: IndexData): HTMLElement {
  const { counts } = index;
  const bad = counts.failed + counts.unfinished > 0;
  const verdict = index.cutShort ? "cut short" : bad ? "failed" : "passed";
  const passed = counts.passed - counts.flaky;
  const numbers = { ...counts, passed };
  const total = Math.max(
    1,
    OUTCOMES.reduce((sum, outcome) => sum + numbers[outcome], 0),
  );
  const bar = h("div", { class: "proportions", "aria-hidden": "true" });
  for (const outcome of OUTCOMES) {
    if (numbers[outcome] === 0) continue;
    const part = h("span", { class: outcome });
    part.style.flexGrow = String(Math.max(numbers[outcome] / total, 0.012));
    bar.append(part);
  }
  const words = OUTCOMES.filter((outcome) => numbers[outcome] > 0).map((outcome) =>
    h("span", { class: `tally ${outcome}` }, h("b", {}, String(numbers[outcome])), ` ${outcome}`),
  );
  return h(
    "header",
    { class: "head" },
    h(
      "div",
      { class: "title" },
      h("h1", {}, h("a", { href: "#" }, index.project)),
      h("span", { class: `verdict ${bad || index.cutShort ? "failed" : "passed"}` }, verdict),
    ),
    h("div", { class: "tallies" }, ...words),
    bar,
    h("p", { class: "when" }, `${new Date(index.startedAt).toLocaleString()}, ${duration(index.durationMs)}`),
  );
}

/** The address is for tests, so it is left as it is. */
function skip(event: Event, main: HTMLElement): void {
  event.preventDefault();
  main.setAttribute("tabindex", "-1");
  main.focus();
}

start();
