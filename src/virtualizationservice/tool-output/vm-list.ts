/** Output of `vm list`: Rust's pretty debug form of the array that `debugListVms` returns (vm/src/main.rs). */
import type { VmDebugInfo } from "../contract.js";
import { unknownOutput } from "../tool.js";

/** Read by key, for each release has other fields beside the four that all have. */
export function parseVmList(text: string): readonly VmDebugInfo[] {
  const tokens = text.match(/"(?:[^"\\]|\\[^])*"|\w+|[^\s\w"]/g) ?? [];
  if (
    tokens[0] !== "Running" ||
    tokens[1] !== "VMs" ||
    tokens[2] !== ":" ||
    tokens[3] !== "[" ||
    tokens.at(-1) !== "]"
  ) {
    throw unknownOutput("vm list", text);
  }
  const vms: VmDebugInfo[] = [];
  for (let at = 4; at < tokens.length - 1;) {
    if (tokens[at] === ",") at += 1;
    else if (tokens[at] === "VirtualMachineDebugInfo" && tokens[at + 1] === "{") {
      const end = closing(tokens, at + 1);
      vms.push(readVm(tokens.slice(at + 2, end), text));
      at = end + 1;
    } else throw unknownOutput("vm list", text);
  }
  return vms;
}

/** Index of the bracket that closes the one at `open`. */
function closing(tokens: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if ("{[(".includes(token)) depth += 1;
    if ("}])".includes(token)) depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

function readVm(tokens: readonly string[], text: string): VmDebugInfo {
  const fields = new Map<string, string>();
  for (let at = 0; at < tokens.length; at++) {
    const value = tokens[at + 2] ?? "";
    const name = tokens[at] ?? "";
    // `Some("…")` is a value that may be missing.
    if (tokens[at + 1] === ":" && !fields.has(name))
      fields.set(name, value === "Some" ? (tokens[at + 4] ?? "") : value);
    if ("{[(".includes(tokens[at] ?? "")) at = closing(tokens, at);
  }
  const number = (key: string): number => {
    const value = fields.get(key) ?? "";
    if (!/^\d+$/.test(value)) throw unknownOutput("vm list", text);
    return Number(value);
  };
  const folder = fields.get("temporaryDirectory");
  if (folder?.startsWith('"') !== true) throw unknownOutput("vm list", text);
  return {
    cid: number("cid"),
    temporaryDirectory: textOf(folder) ?? "",
    requesterUid: number("requesterUid"),
    requesterPid: number("requesterPid"),
    name: textOf(fields.get("name")),
    hostConsoleName: textOf(fields.get("hostConsoleName")),
  };
}

/** Of a debug string; undefined for `None` and for what is no text. */
function textOf(token: string | undefined): string | undefined {
  if (token?.startsWith('"') !== true) return undefined;
  return token
    .slice(1, -1)
    .replace(/\\(?:u\{([0-9a-f]{1,6})\}|([^]))/g, (_, code: string | undefined, plain: string) => {
      if (code !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff));
      return ESCAPED[plain] ?? plain;
    });
}

const ESCAPED: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0" };
