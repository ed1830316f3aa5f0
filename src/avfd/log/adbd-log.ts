/** adbd's own messages, which Android's adbd writes to the log and Debian's to its stderr: a pipe that init made. */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { describeError } from "../../base/errors.js";
import { LineSplitter } from "../../base/text/lines.js";
import type { LogBuffer, LogPriority } from "./log-buffer.js";

const ADBD_UID = 2000;
const MAX_LINE_BYTES = 8 * 1024;
/** As liblog prints without a log to write to: date, time, pid, tid, priority, tag, message, as `logcat -v threadtime`. */
const LINE = /^\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +(\d+) +\d+ ([VDIWEF]) ([^:]*?) *: (.*)$/;
/** It puts the place in the source before the message; Android's log has it for fatal ones only. */
const PLACE = /^[\w-]+\.(?:cpp|cc|h):\d+\]? /;

/**
 * Copies the messages into the log for as long as this process lives, and to `echo`, which the host reads when there is no
 * adbd to ask. Without the pipe there are none. Returns what ends it.
 */
export function followAdbdLog(path: string, log: LogBuffer, echo: (line: string) => void): () => void {
  try {
    // For writing as well: the pipe does not end when adbd does, for another one will be started.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const input = new Socket({ fd, readable: true, writable: false });
    const lines = new LineSplitter((line) => {
      note(line, log);
      echo(line);
    }, MAX_LINE_BYTES);
    input.on("data", (chunk: Buffer) => lines.push(chunk));
    input.on("error", (error) => log.write("W", "avfd", `adbd's messages are lost: ${error.message}`));
    return () => void input.destroy();
  } catch (error) {
    log.write("W", "avfd", `adbd's messages are not available: ${describeError(error)}`);
    return () => undefined;
  }
}

function note(line: string, log: LogBuffer): void {
  const [, pid, priority, tag, message = ""] = LINE.exec(line) ?? [];
  if (tag === undefined) return log.write("I", "adbd", line, { uid: ADBD_UID });
  log.write(priority as LogPriority, tag, message.replace(PLACE, ""), { pid: Number(pid), uid: ADBD_UID });
}
