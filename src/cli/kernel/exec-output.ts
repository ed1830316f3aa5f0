/**
 * The console of a VM whose first process is ours (src/guest/exec): what the command prints is told from what the kernel
 * prints before it, and its exit code is read. Marks bear a number of chance, so that nothing else in the VM makes one.
 */

export interface ExecOutput {
  write(chunk: Buffer): void;
  /** No more comes: what was held back is given out. */
  end(): void;
  /** Of the command, once the VM reported it. */
  readonly exitCode: number | undefined;
}

interface ExecSinks {
  /** All that is printed before the command begins, and behind its end. */
  readonly around: (bytes: Buffer) => void;
  readonly command: (bytes: Buffer) => void;
  readonly onExit?: (() => void) | undefined;
}

/** A mark is far shorter. */
const MAX_MARK_BYTES = 100;

export function execOutput(nonce: string, sinks: ExecSinks): ExecOutput {
  // Latin-1 keeps each byte as it is.
  const head = `avf-exec ${nonce} `;
  const marks = new RegExp(`${head}(?:begin|exit (\\d{1,3}) (\\d{1,3}))\\r*\\n`);
  let held = "";
  let runs = false;
  let exitCode: number | undefined;

  const give = (text: string): void => {
    if (text === "") return;
    (runs ? sinks.command : sinks.around)(Buffer.from(text, "latin1"));
  };
  const pass = (mark: RegExpExecArray): void => {
    give(held.slice(0, mark.index));
    held = held.slice(mark.index + mark[0].length);
    const [, code, check] = mark;
    if (code === undefined) {
      runs = exitCode === undefined;
      return;
    }
    // A copy that something was written into counts for nothing.
    if (Number(code) + Number(check) !== 255 || exitCode !== undefined) return;
    runs = false;
    exitCode = Number(code);
    sinks.onExit?.();
  };
  return {
    get exitCode() {
      return exitCode;
    },
    write: (chunk) => {
      held += chunk.toString("latin1");
      for (let mark = marks.exec(held); mark !== null; mark = marks.exec(held)) pass(mark);
      const kept = beginningOf(head, held);
      give(held.slice(0, held.length - kept));
      held = kept === 0 ? "" : held.slice(-kept);
    },
    end: () => {
      give(held);
      held = "";
    },
  };
}

/** How many bytes at the end may be the beginning of a mark. */
function beginningOf(head: string, text: string): number {
  const whole = text.lastIndexOf(head);
  if (whole >= 0 && text.length - whole < MAX_MARK_BYTES && !text.includes("\n", whole)) return text.length - whole;
  for (let length = Math.min(head.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(head.slice(0, length))) return length;
  }
  return 0;
}
