/** A document that is not well-formed, or that we do not read; the message says where and why. */
export class XmlError extends Error {
  constructor(
    readonly reason: string,
    /** Counted from 1; undefined when the fault has no place in the text. */
    readonly line?: number,
    readonly column?: number,
    cause?: unknown,
  ) {
    const where = line === undefined ? "" : `line ${line}, column ${column ?? 1}: `;
    super(`${where}${reason}`, cause === undefined ? undefined : { cause });
    this.name = "XmlError";
  }
}
