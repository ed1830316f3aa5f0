/** Swim lanes that can be zoomed and moved: by wheel, drag, two fingers, keys and buttons. */
import { around, pan, zoom, type View } from "./axis.js";
import { duration, h } from "../dom.js";
import type { Item, Lane } from "./lanes.js";
import { layOut, paint, xOf, type Layout, type Picture } from "./timeline-paint.js";

export interface TimelineOptions {
  readonly lanes: readonly Lane[];
  readonly durationMs: number;
  readonly label: string;
  readonly onPick: (event: number) => void;
}

const NEAR_PIXELS = 5;

export class Timeline {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { "aria-hidden": "true" });
  readonly #tip = h("div", { class: "tip", hidden: true });
  readonly #stage: HTMLElement;
  readonly #all: View;
  readonly #pointers = new Map<number, number>();
  #view: View;
  #layout: Layout;
  #width = 0;
  #selected = -1;
  #found: ReadonlySet<number> | undefined;
  #scheduled = false;
  #moved = 0;

  constructor(private readonly options: TimelineOptions) {
    this.#all = { fromMs: 0, toMs: Math.max(options.durationMs, 1) };
    this.#view = this.#all;
    this.#layout = layOut(options.lanes, 1000);
    const help = "Arrow keys move, plus and minus zoom, 0 shows all. The list below has the same events.";
    this.#stage = h(
      "div",
      { class: "stage", tabindex: 0, role: "group", "aria-label": `${options.label}. ${help}`, on: this.#listeners() },
      this.#canvas,
      this.#tip,
    );
    const button = (text: string, name: string, act: () => void): HTMLElement =>
      h("button", { type: "button", class: "tool", title: name, "aria-label": name, on: { click: act } }, text);
    this.element = h(
      "div",
      { class: "timeline" },
      h(
        "div",
        { class: "tools", role: "toolbar", "aria-label": "Zoom" },
        button("−", "Zoom out", () => this.#zoom(1.6)),
        button("+", "Zoom in", () => this.#zoom(1 / 1.6)),
        button("Fit", "Show all", () => this.#show(this.#all)),
        h("span", { class: "hint" }, "Drag to move, scroll to zoom (Ctrl while unfocused), keys ← → + − 0"),
      ),
      this.#stage,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#stage);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  /** Marks an event, and brings it into view when it is not. */
  select(event: number, startMs: number, endMs: number, near: boolean): void {
    this.#selected = event;
    const hidden = endMs < this.#view.fromMs || startMs > this.#view.toMs;
    if (near || hidden) this.#view = around(startMs, endMs, this.#all);
    this.#draw();
  }

  /** What is not among these fades. */
  highlight(found: ReadonlySet<number> | undefined): void {
    this.#found = found;
    this.#draw();
  }

  #listeners(): Readonly<Record<string, (event: never) => void>> {
    return {
      wheel: (event: WheelEvent) => this.#wheel(event),
      keydown: (event: KeyboardEvent) => this.#key(event),
      pointerdown: (event: PointerEvent) => this.#down(event),
      pointermove: (event: PointerEvent) => this.#move(event),
      pointerup: (event: PointerEvent) => this.#up(event),
      pointercancel: (event: PointerEvent) => void this.#pointers.delete(event.pointerId),
      pointerleave: () => this.#hideTip(),
      dblclick: (event: MouseEvent) => this.#zoom(1 / 3, this.#timeAt(event.offsetX)),
    };
  }

  #wheel(event: WheelEvent): void {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    // Otherwise a page could not be scrolled past its lanes.
    if (!sideways && !event.ctrlKey && !event.metaKey && document.activeElement !== this.#stage) return;
    event.preventDefault();
    const delta = (event.deltaMode === 1 ? 16 : 1) * (sideways ? event.deltaX || event.deltaY : event.deltaY);
    if (sideways) this.#show(pan(this.#view, delta * this.#msPerPixel(), this.#all));
    else this.#zoom(Math.exp(delta * 0.002), this.#timeAt(event.offsetX));
  }

  #key(event: KeyboardEvent): void {
    const length = this.#view.toMs - this.#view.fromMs;
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => this.#show(pan(this.#view, -length / 8, this.#all)),
      ArrowRight: () => this.#show(pan(this.#view, length / 8, this.#all)),
      "+": () => this.#zoom(1 / 1.6),
      "=": () => this.#zoom(1 / 1.6),
      "-": () => this.#zoom(1.6),
      "0": () => this.#show(this.#all),
      Home: () => this.#show(this.#all),
    };
    const act = acts[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  #down(event: PointerEvent): void {
    this.#pointers.set(event.pointerId, event.offsetX);
    this.#moved = 0;
    this.#stage.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const x = event.offsetX;
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return this.#hover(event);
    this.#hideTip();
    this.#pointers.set(event.pointerId, x);
    this.#moved += Math.abs(x - before);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) return this.#show(pan(this.#view, (before - x) * this.#msPerPixel(), this.#all));
    const factor = Math.abs(before - other) / Math.max(Math.abs(x - other), 1);
    this.#zoom(Math.min(Math.max(factor, 0.5), 2), this.#timeAt((x + other) / 2));
  }

  #up(event: PointerEvent): void {
    const alone = this.#pointers.delete(event.pointerId) && this.#pointers.size === 0;
    if (!alone || this.#moved > NEAR_PIXELS) return;
    this.#stage.focus({ preventScroll: true });
    const item = this.#itemAt(event.offsetX, event.offsetY);
    if (item !== undefined && item.event >= 0) this.options.onPick(item.event);
  }

  #hover(event: PointerEvent): void {
    const item = this.#itemAt(event.offsetX, event.offsetY);
    this.#stage.style.cursor = item === undefined ? "grab" : "pointer";
    if (item === undefined) return this.#hideTip();
    const length = item.endMs > item.startMs ? ` · ${duration(item.endMs - item.startMs)}` : "";
    this.#tip.replaceChildren(h("b", {}, `${duration(item.startMs)}${length}`), ` ${item.text}`);
    this.#tip.hidden = false;
    this.#tip.style.left = `${Math.min(Math.max(event.offsetX - 20, 0), Math.max(this.#width - 320, 0))}px`;
    this.#tip.style.top = `${event.offsetY + 18}px`;
  }

  #hideTip(): void {
    this.#tip.hidden = true;
  }

  /** The last one that is drawn there: it lies on top. */
  #itemAt(x: number, y: number): Item | undefined {
    const placed = this.#layout.placed.find(
      (candidate) => y >= candidate.y - 2 && y <= candidate.y + candidate.height + 2,
    );
    const picture = this.#picture();
    const distance = ({ startMs, endMs }: Item): number =>
      Math.max(xOf(startMs, picture) - x, x - Math.max(xOf(endMs, picture), xOf(startMs, picture) + 2), 0);
    let best: Item | undefined;
    let bestDistance = NEAR_PIXELS;
    for (const item of placed?.lane.items ?? []) {
      const away = distance(item);
      if (away > bestDistance) continue;
      [best, bestDistance] = [item, away];
    }
    return best;
  }

  #zoom(factor: number, aroundMs = (this.#view.fromMs + this.#view.toMs) / 2): void {
    this.#show(zoom(this.#view, factor, aroundMs, this.#all));
  }

  #show(view: View): void {
    this.#view = view;
    this.#draw();
  }

  #timeAt(x: number): number {
    return this.#view.fromMs + Math.max(0, x - this.#layout.gutter) * this.#msPerPixel();
  }

  #msPerPixel(): number {
    return (this.#view.toMs - this.#view.fromMs) / Math.max(this.#width - this.#layout.gutter, 1);
  }

  #resize(): void {
    const width = this.#stage.clientWidth;
    if (width === this.#width || width === 0) return;
    this.#width = width;
    this.#layout = layOut(this.options.lanes, width);
    this.#draw();
  }

  #picture(): Picture {
    return {
      layout: this.#layout,
      view: this.#view,
      width: this.#width,
      selected: this.#selected,
      found: this.#found,
    };
  }

  #draw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      const context = this.#canvas.getContext("2d");
      if (context === null || this.#width === 0) return;
      const scale = devicePixelRatio || 1;
      this.#canvas.width = this.#width * scale;
      this.#canvas.height = this.#layout.height * scale;
      this.#canvas.style.width = `${this.#width}px`;
      this.#canvas.style.height = `${this.#layout.height}px`;
      context.setTransform(scale, 0, 0, scale, 0, 0);
      const style = getComputedStyle(document.documentElement);
      const colors = new Map<string, string>();
      const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
      const color = (name: string): string => {
        const known = colors.get(name) ?? (read(name) || read(name.startsWith("on-") ? "on-other" : "other"));
        colors.set(name, known);
        return known;
      };
      paint(context, this.#picture(), color);
    });
  }
}
