/** All events of a test as a list, of which only the rows in view are in the page. */
import { duration, h } from "./dom.js";
import { spanKindLabel, type EventRow } from "./timeline/lanes.js";

interface EventListOptions {
  readonly rows: readonly EventRow[];
  /** `near`: show the event's surroundings in the lanes. */
  readonly onSelect: (event: number, near: boolean) => void;
  readonly onFound: (found: ReadonlySet<number> | undefined) => void;
}

const ROW_HEIGHT = 24;
const SPARE_ROWS = 12;
/** There are many of them, and few readers ask for them. */
const USUALLY_OFF = ["adb", "fixture", "logcat"];

export class EventList {
  readonly element: HTMLElement;
  readonly #body: HTMLElement;
  readonly #spacer = h("div", { class: "spacer" });
  readonly #count = h("span", { class: "count", role: "status" });
  readonly #detail = h("div", { class: "event-detail", hidden: true });
  readonly #search: HTMLInputElement;
  readonly #off: Set<string>;
  #shown: readonly number[];
  #selected = -1;

  constructor(private readonly options: EventListOptions) {
    this.#shown = options.rows.map((_row, index) => index);
    this.#search = h("input", {
      type: "search",
      placeholder: "Search in this test",
      "aria-label": "Search the events of this test",
      on: { input: () => this.#filter(), keydown: (event: KeyboardEvent) => this.#searchKey(event) },
    });
    this.#body = h(
      "div",
      {
        class: "rows",
        tabindex: 0,
        role: "listbox",
        "aria-label": "Events of this test, by time",
        on: { scroll: () => this.#render(), keydown: (event: KeyboardEvent) => this.#key(event) },
      },
      this.#spacer,
    );
    const kinds = [...new Set(options.rows.map(({ kind }) => kind))];
    this.#off = new Set(kinds.length > USUALLY_OFF.length ? kinds.filter((kind) => USUALLY_OFF.includes(kind)) : []);
    const chips = h(
      "div",
      { class: "chips", role: "group", "aria-label": "Kinds of events" },
      ...kinds.map((kind) => this.#chip(kind)),
    );
    this.element = h(
      "div",
      { class: "events" },
      h("div", { class: "event-tools" }, this.#search, this.#count, chips),
      this.#body,
      this.#detail,
    );
    new ResizeObserver(() => this.#render()).observe(this.#body);
    this.#filter();
  }

  select(event: number, near = false): void {
    this.#selected = event;
    const place = this.#shown.indexOf(event);
    if (place >= 0) this.#reveal(place);
    this.#render();
    this.#showDetail();
    this.options.onSelect(event, near);
  }

  #chip(kind: string): HTMLElement {
    const chip = h(
      "button",
      { type: "button", class: "chip", "aria-pressed": String(!this.#off.has(kind)) },
      spanKindLabel(kind),
    );
    chip.addEventListener("click", () => {
      const on = this.#off.delete(kind);
      if (!on) this.#off.add(kind);
      chip.setAttribute("aria-pressed", String(on));
      this.#filter();
    });
    return chip;
  }

  #filter(): void {
    const wanted = this.#search.value.trim().toLowerCase();
    const { rows } = this.options;
    const matches = ({ text, detail, source }: EventRow): boolean =>
      wanted === "" || [text, detail, source].some((part) => part.toLowerCase().includes(wanted));
    this.#shown = rows.flatMap((row, index) => (!this.#off.has(row.kind) && matches(row) ? [index] : []));
    const all = this.#shown.length === rows.length;
    this.#count.textContent = all ? `${rows.length} events` : `${this.#shown.length} of ${rows.length} events`;
    this.options.onFound(wanted === "" ? undefined : new Set(this.#shown));
    this.#spacer.style.height = `${this.#shown.length * ROW_HEIGHT}px`;
    this.#body.scrollTop = 0;
    this.#render();
  }

  /** Enter goes through what was found. */
  #searchKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || this.#shown.length === 0) return;
    const step = event.shiftKey ? -1 : 1;
    this.#step(step);
  }

  #key(event: KeyboardEvent): void {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
    const step = steps[event.key];
    if (step !== undefined) this.#step(step);
    else if (event.key === "Enter" && this.#selected >= 0) this.options.onSelect(this.#selected, true);
    else return;
    event.preventDefault();
  }

  #step(by: number): void {
    const place = this.#shown.indexOf(this.#selected);
    const next = place < 0 ? 0 : (place + by + this.#shown.length) % this.#shown.length;
    const event = this.#shown[next];
    if (event !== undefined) this.select(event);
  }

  #reveal(place: number): void {
    const top = place * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#body;
    if (top < scrollTop || top + ROW_HEIGHT > scrollTop + clientHeight) {
      this.#body.scrollTop = top - clientHeight / 2;
    }
  }

  #render(): void {
    const first = Math.max(0, Math.floor(this.#body.scrollTop / ROW_HEIGHT) - SPARE_ROWS);
    const count = Math.ceil(this.#body.clientHeight / ROW_HEIGHT) + 2 * SPARE_ROWS;
    const rows = this.#shown.slice(first, first + count).flatMap((event, index) => {
      const row = this.options.rows[event];
      return row === undefined ? [] : [this.#row(row, event, first + index)];
    });
    this.#spacer.replaceChildren(...rows);
  }

  #row(row: EventRow, event: number, place: number): HTMLElement {
    const selected = event === this.#selected;
    const element = h(
      "div",
      {
        class: `row kind-${row.kind}${row.failed ? " bad" : ""}${selected ? " selected" : ""}`,
        role: "option",
        "aria-selected": String(selected),
        "aria-setsize": this.#shown.length,
        "aria-posinset": place + 1,
        on: { click: () => this.select(event), dblclick: () => this.select(event, true) },
      },
      h("span", { class: "at" }, (row.startMs / 1000).toFixed(3)),
      h(
        "span",
        { class: "kind" },
        row.source === "" ? spanKindLabel(row.kind) : `${row.source} ${spanKindLabel(row.kind)}`,
      ),
      h("span", { class: "text" }, `${row.kind === "assertion" ? (row.failed ? "✗ " : "✓ ") : ""}${row.text}`),
      h("span", { class: "took" }, row.endMs > row.startMs ? duration(row.endMs - row.startMs) : ""),
    );
    element.style.top = `${place * ROW_HEIGHT}px`;
    return element;
  }

  #showDetail(): void {
    const row = this.options.rows[this.#selected];
    this.#detail.hidden = row === undefined;
    if (row === undefined) return;
    const took = row.endMs > row.startMs ? `, for ${duration(row.endMs - row.startMs)}` : "";
    const where = row.source === "" ? "" : ` of ${row.source}`;
    this.#detail.replaceChildren(
      h(
        "div",
        { class: "about" },
        `${spanKindLabel(row.kind)}${where}, ${(row.startMs / 1000).toFixed(3)} s after the test began${took}`,
      ),
      h("pre", {}, row.text),
      ...(row.detail === "" ? [] : [h("pre", { class: row.failed ? "bad" : "" }, row.detail)]),
    );
  }
}
