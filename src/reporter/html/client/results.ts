/** All tests by file, with search and a filter by outcome. */
import type { IndexData, IndexTest } from "../report-data.js";
import { duration, h, sign, SIGNS } from "./dom.js";
import { pastStrip } from "./history/past.js";

interface Entry {
  readonly test: IndexTest;
  readonly element: HTMLElement;
  /** What the search looks at. */
  readonly words: string;
}

interface FileGroup {
  readonly element: HTMLElement;
  readonly entries: readonly Entry[];
}

export class Results {
  readonly element: HTMLElement;
  readonly #groups: readonly FileGroup[];
  readonly #only = new Set<string>();
  readonly #count = h("p", { class: "count", role: "status" });
  readonly #search: HTMLInputElement;

  constructor(private readonly index: IndexData) {
    this.#groups = groupByFile(index.tests);
    this.#search = h("input", {
      type: "search",
      placeholder: "Search tests  ( / )",
      "aria-label": "Search tests by name, file or failure",
      on: { input: () => this.#filter() },
    });
    const outcomes = Object.keys(SIGNS).filter((outcome) => index.tests.some((test) => test.outcome === outcome));
    this.element = h(
      "nav",
      { class: "results", "aria-label": "Tests", on: { keydown: (event: KeyboardEvent) => this.#key(event) } },
      h(
        "div",
        { class: "filter" },
        this.#search,
        h(
          "div",
          { class: "chips", role: "group", "aria-label": "Outcomes" },
          ...outcomes.map((outcome) => this.#chip(outcome)),
        ),
        this.#count,
      ),
      index.brokenFiles.map(({ file, failure }) =>
        h(
          "details",
          { class: "broken" },
          h("summary", {}, sign("failed"), ` ${file} could not run`),
          h("pre", { class: "failure" }, failure),
        ),
      ),
      this.#groups.map(({ element }) => element),
    );
    this.#filter();
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  mark(id: number | undefined): void {
    for (const { test, element } of this.#groups.flatMap(({ entries }) => entries)) {
      if (test.id === id) {
        element.setAttribute("aria-current", "true");
        element.scrollIntoView({ block: "nearest" });
      } else element.removeAttribute("aria-current");
    }
  }

  #chip(outcome: string): HTMLElement {
    const count = this.index.tests.filter((test) => test.outcome === outcome).length;
    const chip = h(
      "button",
      { type: "button", class: "chip", "aria-pressed": "false" },
      sign(outcome),
      ` ${count} ${outcome}`,
    );
    chip.addEventListener("click", () => {
      const on = !this.#only.delete(outcome);
      if (on) this.#only.add(outcome);
      chip.setAttribute("aria-pressed", String(on));
      this.#filter();
    });
    return chip;
  }

  #filter(): void {
    const wanted = this.#search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    let shown = 0;
    for (const { element, entries } of this.#groups) {
      let inGroup = 0;
      for (const { test, words, element: row } of entries) {
        const fits = this.#only.size === 0 || this.#only.has(test.outcome);
        const hit = fits && wanted.every((word) => words.includes(word));
        row.hidden = !hit;
        if (hit) inGroup++;
      }
      element.hidden = inGroup === 0;
      shown += inGroup;
    }
    const all = this.index.tests.length;
    this.#count.textContent = shown === all ? "" : `${shown} of ${all} tests`;
  }

  #key(event: KeyboardEvent): void {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0) return;
    const rows = this.#groups
      .flatMap(({ entries }) => entries)
      .map(({ element }) => element)
      .filter((row) => !row.hidden);
    const place = rows.indexOf(document.activeElement as HTMLElement);
    const next = rows[place < 0 ? 0 : Math.min(Math.max(place + step, 0), rows.length - 1)];
    next?.focus();
    event.preventDefault();
  }
}

function groupByFile(tests: readonly IndexTest[]): readonly FileGroup[] {
  const files = new Map<string, IndexTest[]>();
  for (const test of tests) {
    const name = test.project === "" ? test.file : `${test.file}\n${test.project}`;
    const members = files.get(name);
    if (members === undefined) files.set(name, [test]);
    else members.push(test);
  }
  return [...files].map(([name, members]) => {
    const entries = members.map(entryOf);
    const [file = "", project] = name.split("\n");
    const bad = members.filter(({ outcome }) => outcome === "failed" || outcome === "unfinished").length;
    const element = h(
      "section",
      { class: "file" },
      h(
        "h2",
        { title: file },
        h("span", { class: "path" }, file),
        project === undefined ? undefined : h("span", { class: "project" }, project),
        h(
          "span",
          { class: bad > 0 ? "sum bad" : "sum" },
          bad > 0 ? `${bad} of ${members.length} failed` : String(members.length),
        ),
      ),
      h(
        "ul",
        {},
        entries.map(({ element: row }) => h("li", {}, row)),
      ),
    );
    return { element, entries };
  });
}

function entryOf(test: IndexTest): Entry {
  const { id, title, ancestors, outcome, durationMs, failureClass, reason, file, project, past, mark, subtests } = test;
  const element = h(
    "a",
    { class: `result ${outcome}`, href: `#test-${id}` },
    sign(outcome),
    h(
      "span",
      { class: "name" },
      ancestors.length === 0 ? undefined : h("span", { class: "ancestors" }, `${ancestors.join(" › ")} › `),
      title,
      h("span", { class: "hidden-text" }, `, ${outcome}`),
      reason === "" ? undefined : h("span", { class: "reason" }, reason),
      subtests === "" ? undefined : h("span", { class: "reason" }, subtests),
      past === "" ? undefined : before(test),
    ),
    failureClass === "" ? undefined : h("span", { class: `badge class-${failureClass}` }, failureClass),
    h("span", { class: "took" }, outcome === "skipped" || outcome === "todo" ? "" : duration(durationMs)),
  );
  const words = [file, project, ...ancestors, title, outcome, failureClass, reason, mark].join(" ").toLowerCase();
  return { test, element, words };
}

/** Below the name, which needs the width. */
function before({ past, mark, pastDetail }: IndexTest): HTMLElement {
  return h(
    "span",
    { class: "before" },
    pastStrip(past),
    mark === "" ? undefined : h("span", { class: "badge mark", title: pastDetail }, mark),
  );
}
