/** Events in words. What they hold was read from a file and may have come from a device: nothing is taken for granted. */
import { withoutControls } from "../../base/printable.js";

const MAX_ARGUMENT = 160;
const MAX_CALL = 400;

type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(value: unknown, fallback = ""): string {
  return typeof value === "string" ? withoutControls(value) : fallback;
}

export function number(value: unknown, fallback = 0): number {
  return typeof value === "number" && Number.isFinite(value) ? value : fallback;
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((entry) => text(entry, String(entry))) : [];
}

/** `vm1.run()`, `vmm.create("vm1", VirtualMachineConfig)`. */
export function apiCallText(event: Fields): string {
  return cut(`${text(event["vm"], "vmm")}.${text(event["call"])}(${texts(event["args"]).join(", ")})`, MAX_CALL);
}

/** `exec vm list → 1`. */
export function deviceCallText(event: Fields): string {
  const argv = texts(event["argv"]).map((argument) => cut(argument.replace(/\s+/g, " "), MAX_ARGUMENT));
  const exitCode = event["exitCode"];
  const end = typeof exitCode === "number" && exitCode !== 0 ? ` → exit code ${exitCode}` : "";
  return `${cut([text(event["call"]), ...argv].join(" "), MAX_CALL)}${end}`;
}

/** `expect(vm1).not.toPrint(/Hello/)`. */
export function assertionText(event: Fields): string {
  const not = event["negated"] === true ? ".not" : "";
  return `expect(${text(event["received"])})${not}.${text(event["matcher"])}(${text(event["expected"])})`;
}

/** What was done about a checkpoint, e.g. `restored to "two vms ready"`. */
export function checkpointText(event: Fields): string {
  const name = `"${text(event["checkpoint"])}"`;
  if (event["kind"] === "device-restored") return `restored to ${name}`;
  if (event["kind"] === "checkpoint-saved")
    return `saved ${name}${event["kept"] === true ? ", also for later runs" : ""}`;
  const why = text(event["why"]);
  return `went all the way to ${name}${why === "" ? "" : `: ${why}`}`;
}

/** Why a status was entered: `run (CID 2048)`, `died: CRASH`, `restored to "ready" (CID 2048)`. */
export function causeText(cause: unknown): string {
  if (!isFields(cause)) return "";
  const isRestored = cause["kind"] === "restored";
  const kind = isRestored ? `restored to "${text(cause["checkpoint"])}"` : text(cause["kind"]);
  if (typeof cause["cid"] === "number") return `${kind} (CID ${cause["cid"]})`;
  return isFields(cause["reason"]) ? `${kind}: ${reasonText(cause["reason"])}` : kind;
}

/** What a VM reported: `payload-finished, exit code 42`. */
export function vmEventText(event: string, detail: unknown): string {
  if (!isFields(detail)) return event;
  if (event === "state") return `state ${text(detail["state"])}`;
  if (typeof detail["exitCode"] === "number") return `${event}, exit code ${detail["exitCode"]}`;
  if (isFields(detail["reason"])) return `${event}: ${reasonText(detail["reason"])}`;
  const message = text(detail["message"]);
  const code = isFields(detail["code"]) ? reasonText(detail["code"]) : "";
  return [event, code, message].filter((part) => part !== "").join(": ");
}

function reasonText(reason: Fields): string {
  return text(reason["name"], text(reason["raw"], "unknown"));
}

function cut(value: string, length: number): string {
  return value.length > length ? `${value.slice(0, length)}…` : value;
}
