/** Draws lanes on a canvas. */
import { tickLabel, ticks, type View } from "./axis.js";
import type { Item, Lane } from "./lanes.js";

interface Placed {
  readonly lane: Lane;
  readonly y: number;
  readonly height: number;
  readonly groupY: number | undefined;
}

export interface Layout {
  readonly placed: readonly Placed[];
  readonly height: number;
  /** Where time begins: left of it are the lanes' names, unless there is no room for them. */
  readonly gutter: number;
}

export interface Picture {
  readonly layout: Layout;
  readonly view: View;
  readonly width: number;
  readonly selected: number;
  /** Events that the search found; undefined: nothing is searched. */
  readonly found: ReadonlySet<number> | undefined;
}

const AXIS_HEIGHT = 26;
const GROUP_HEIGHT = 26;
const NARROW = 600;
const HEIGHTS: Readonly<Record<Lane["shape"], number>> = { band: 22, bar: 16, tick: 16 };
const GAP = 4;
const FONT = '12px system-ui, "Segoe UI", Roboto, sans-serif';
const BOLD = `600 ${FONT}`;

export function layOut(lanes: readonly Lane[], width: number): Layout {
  const narrow = width < NARROW;
  let y = AXIS_HEIGHT;
  const placed = lanes.map((lane): Placed => {
    const groupY = lane.group === undefined ? undefined : y;
    if (lane.group !== undefined) y += GROUP_HEIGHT;
    // Without a gutter the name stands over its lane.
    if (narrow && lane.label !== "") y += 14;
    const at = { lane, y, height: HEIGHTS[lane.shape], groupY };
    y += HEIGHTS[lane.shape] + GAP;
    return at;
  });
  return { placed, height: y + GAP, gutter: narrow ? 0 : 104 };
}

export function xOf(atMs: number, { layout, view, width }: Picture): number {
  return layout.gutter + ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * (width - layout.gutter);
}

export function paint(context: CanvasRenderingContext2D, picture: Picture, color: (name: string) => string): void {
  const { layout, width } = picture;
  context.clearRect(0, 0, width, layout.height);
  context.textBaseline = "middle";
  paintAxis(context, picture, color);
  for (const placed of layout.placed) {
    paintLabel(context, placed, picture, color);
    context.save();
    context.beginPath();
    context.rect(layout.gutter, placed.y - 1, width - layout.gutter, placed.height + 2);
    context.clip();
    paintLane(context, placed, picture, color);
    context.restore();
  }
}

function paintAxis(context: CanvasRenderingContext2D, picture: Picture, color: (name: string) => string): void {
  const { layout, view, width } = picture;
  const marks = ticks(view, width - layout.gutter);
  const stepMs = (marks[1] ?? view.toMs) - (marks[0] ?? view.fromMs);
  context.font = FONT;
  for (const atMs of marks) {
    const x = Math.round(xOf(atMs, picture)) + 0.5;
    context.fillStyle = color("grid");
    context.fillRect(x, AXIS_HEIGHT - 6, 1, layout.height);
    const label = tickLabel(atMs, stepMs);
    const room = context.measureText(label).width;
    context.fillStyle = color("muted");
    context.fillText(label, Math.min(Math.max(x - room / 2, layout.gutter), width - room - 2), 10);
  }
}

function paintLabel(
  context: CanvasRenderingContext2D,
  { lane, y, height, groupY }: Placed,
  { layout, width }: Picture,
  color: (name: string) => string,
): void {
  if (lane.group !== undefined && groupY !== undefined) {
    context.fillStyle = color("line");
    context.fillRect(0, groupY + 2, width, 1);
    context.font = BOLD;
    context.fillStyle = color("text");
    context.fillText(fitText(context, lane.group, width), 0, groupY + 15);
  }
  context.font = FONT;
  context.fillStyle = color("muted");
  if (layout.gutter > 0) context.fillText(fitText(context, lane.label, layout.gutter - 8), 0, y + height / 2);
  else context.fillText(lane.label, 0, y - 6);
}

function paintLane(
  context: CanvasRenderingContext2D,
  { lane, y, height }: Placed,
  picture: Picture,
  color: (name: string) => string,
): void {
  const { found, selected } = picture;
  let lastX = -10;
  for (const item of lane.items) {
    const x = xOf(item.startMs, picture);
    const end = xOf(item.endMs, picture);
    if (end < picture.layout.gutter - 2 || x > picture.width + 2) continue;
    const hit = found?.has(item.event) === true;
    context.globalAlpha = found === undefined || hit ? 1 : 0.28;
    context.fillStyle = color(item.tone);
    if (lane.shape === "tick") {
      // One pixel shows one of many; those that matter are drawn in any case.
      if (x - lastX < 1 && item.tone !== "failed" && !hit && item.event !== selected) continue;
      lastX = x;
      const wide = item.tone === "failed" || hit ? 3 : 2;
      context.fillRect(x - wide / 2, y, wide, height);
    } else paintBar(context, item, { x, y, width: Math.max(end - x, 2), height }, picture, color);
    context.globalAlpha = 1;
    if (item.event === selected) outline(context, { x, y, width: Math.max(end - x, 2), height }, color);
  }
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function paintBar(
  context: CanvasRenderingContext2D,
  item: Item,
  { x, y, width, height }: Box,
  { layout, width: whole }: Picture,
  color: (name: string) => string,
): void {
  context.beginPath();
  context.roundRect(x, y, Math.max(width - 1, 1.5), height, Math.min(3, width / 2));
  context.fill();
  const left = Math.max(x, layout.gutter) + 5;
  const room = Math.min(x + width, whole) - left - 4;
  if (room < 24) return;
  context.font = FONT;
  context.fillStyle = color(`on-${item.tone}`);
  context.fillText(fitText(context, item.text, room), left, y + height / 2 + 0.5);
}

function outline(
  context: CanvasRenderingContext2D,
  { x, y, width, height }: Box,
  color: (name: string) => string,
): void {
  context.strokeStyle = color("text");
  context.lineWidth = 2;
  context.strokeRect(x - 2, y - 1, width + 4, height + 2);
}

function fitText(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let length = Math.min(text.length, Math.ceil(room / 4));
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > room) length--;
  return length === 0 ? "" : `${text.slice(0, length)}…`;
}
