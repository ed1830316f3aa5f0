/**
 * What outlives the service, but not the device: on Android it is in the memory of init, which is not killed. Files in
 * /run, written at once, so that a service that is started again finds what was there when the last one was killed.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export class VolatileState<T> {
  /** @param isValid tells what an earlier run wrote from anything else that may lie there */
  constructor(
    private readonly file: string,
    private readonly isValid: (value: unknown) => value is T,
  ) {}

  /** Undefined when nothing was written since the device started. */
  read(): T | undefined {
    try {
      const value: unknown = JSON.parse(readFileSync(this.file, "utf8"));
      return this.isValid(value) ? value : undefined;
    } catch {
      return undefined;
    }
  }

  write(value: T): void {
    const draft = `${this.file}.tmp`;
    mkdirSync(dirname(this.file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify(value), { mode: 0o600 });
    renameSync(draft, this.file);
  }
}

export function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  return (
    typeof value === "object" &&
    value !== null &&
    Object.values(value).every((text: unknown) => typeof text === "string")
  );
}
