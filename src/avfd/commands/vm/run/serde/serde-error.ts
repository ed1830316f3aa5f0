/** What is wrong with a JSON text, in the words of Rust's serde_json. */

/** Line and column as serde_json counts them: bytes that were looked at, from 1 and from 0 on. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export class SerdeError extends Error {
  constructor(
    readonly text: string,
    readonly position: Position | undefined,
  ) {
    super(position === undefined ? text : `${text} at line ${position.line} column ${position.column}`);
  }
}

/** The same error with a position, if it has none yet. */
export function positioned(error: unknown, position: () => Position): unknown {
  return error instanceof SerdeError && error.position === undefined ? new SerdeError(error.text, position()) : error;
}
