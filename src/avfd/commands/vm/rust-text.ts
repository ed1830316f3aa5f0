/** Text as Rust's formatting prints it: the `vm` tool is written in Rust, and its output is parsed by others. */
import { rustDebug } from "../../../base/text/rust-debug.js";

/** `{:?}` of a string. */
export function debugString(text: string): string {
  return rustDebug(text, '"');
}

/** `Payload changed` codes are enum names there: `PAYLOAD_CHANGED` → `PayloadChanged`. */
export function camelCase(upperSnake: string): string {
  return upperSnake
    .split("_")
    .map((word) => word.slice(0, 1) + word.slice(1).toLowerCase())
    .join("");
}

/** An error with context added on its way up, printed like anyhow's: `Error: …` and a list of causes. */
export class ToolError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** Runs `work`; what it throws becomes the cause of an error with this message. */
export async function withContext<T>(message: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ToolError(message, error);
  }
}

/** @param describe text of an error that is no `ToolError` */
export function formatToolError(error: unknown, describe: (error: unknown) => string): string {
  const messages: string[] = [];
  for (let current: unknown = error; current !== undefined;) {
    messages.push(current instanceof ToolError ? current.message : describe(current));
    current = current instanceof ToolError ? current.cause : undefined;
  }
  const [first = "", ...causes] = messages;
  if (causes.length === 0) return `Error: ${first}`;
  const lines = causes.map((cause, index) => (causes.length === 1 ? `    ${cause}` : `    ${index}: ${cause}`));
  return `Error: ${first}\n\nCaused by:\n${lines.join("\n")}`;
}
