/** Elements made without markup: text stays text, whatever is in it. */

type Child = Node | string | undefined;
/** A list is handed over as one: a call has no room for 100,000 arguments. */
type Children = Child | readonly Child[];

interface Properties {
  readonly class?: string;
  readonly on?: Readonly<Record<string, (event: never) => void>>;
  readonly [attribute: string]: unknown;
}

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Properties = {},
  ...children: readonly Children[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "on") {
      for (const [event, listener] of Object.entries(value as NonNullable<Properties["on"]>)) {
        element.addEventListener(event, listener as EventListener);
      }
    } else if (value === true) element.setAttribute(key, "");
    else if (typeof value === "string" || typeof value === "number") element.setAttribute(key, String(value));
  }
  for (const child of children.flat()) if (child !== undefined) element.append(child);
  return element;
}

/** Reads a block of data of the page; undefined when it has none of that name. */
export function readData<T>(id: string): T | undefined {
  const text = document.getElementById(id)?.textContent;
  return text ? (JSON.parse(text) as T) : undefined;
}

/** `850 ms`, `3.2 s`, `4 min 10 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A sign for each outcome, so that colour is not the only difference. */
export const SIGNS: Readonly<Record<string, string>> = {
  passed: "✓",
  failed: "✗",
  flaky: "↻",
  skipped: "–",
  todo: "○",
  unfinished: "!",
};

export function sign(outcome: string): HTMLElement {
  return h("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome] ?? "?");
}
