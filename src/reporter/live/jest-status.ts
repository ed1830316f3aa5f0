/**
 * Draws lines below the status that Jest's default reporter keeps at the bottom of a terminal. They are made a part of
 * it, so that whatever Jest prints goes above them and nothing is drawn over. Jest has no door for this: where its
 * reporter is not as we know it, nothing is drawn.
 */

/** The part of Jest's DefaultReporter that is used here. */
interface StatusReporter {
  __printStatus(): void;
  __clearStatus?(): void;
  readonly _status?: StatusBlock;
  _clear?: string;
}

interface StatusBlock {
  get(): { readonly content: string; readonly clear: string };
  _emit?(): void;
}

export interface JestStatus {
  /** Redraws. */
  redraw(): void;
  /** Takes everything off the screen that is drawn again and again; nothing is drawn any more. */
  end(): void;
}

/** Clears a line and goes up. */
const CLEAR_LINE = "\r\u001b[K\r\u001b[1A";

/** @param lines what to draw, given how many rows are free; undefined when Jest's reporter is not there */
export function drawBelowJest(lines: (freeRows: number) => readonly string[]): JestStatus | undefined {
  const reporter = loadedDefaultReporter();
  if (reporter === undefined) return undefined;
  const seen = new Set<StatusReporter>();
  // Called with the instance as `this`, each time.
  // eslint-disable-next-line @typescript-eslint/unbound-method
  const print = reporter.__printStatus;
  reporter.__printStatus = function (this: StatusReporter): void {
    seen.add(this);
    const status = this._status;
    if (typeof status?.get !== "function") return print.call(this);
    const jests = status.get();
    // An empty one means that the run is over.
    if (jests.content === "") return print.call(this);
    const free = (process.stdout.rows || 24) - jests.content.split("\n").length - 1;
    const own = lines(free);
    if (own.length === 0) return print.call(this);
    const content = `${jests.content}\n${own.map((line) => `\n${line}`).join("")}`;
    const clear = CLEAR_LINE.repeat(own.length + 1) + jests.clear;
    Object.defineProperty(status, "get", { value: () => ({ content, clear }), configurable: true });
    try {
      print.call(this);
    } finally {
      Reflect.deleteProperty(status, "get");
    }
  };
  return {
    redraw: () => {
      for (const { _status } of seen) _status?._emit?.();
    },
    end: () => {
      reporter.__printStatus = print;
      for (const instance of seen) {
        instance.__clearStatus?.();
        // It would clear as many lines again, of what stands above by then.
        instance._clear = "";
      }
    },
  };
}

/** The class that this process's Jest has loaded, wherever that is installed. */
function loadedDefaultReporter(): StatusReporter | undefined {
  const path = Object.keys(require.cache).find((name) =>
    /[\\/]@jest[\\/]reporters[\\/]build[\\/]index\.js$/.test(name),
  );
  const loaded: unknown = path === undefined ? undefined : require.cache[path]?.exports;
  if (typeof loaded !== "object" || loaded === null || !("DefaultReporter" in loaded)) return undefined;
  const { DefaultReporter } = loaded;
  if (typeof DefaultReporter !== "function") return undefined;
  const prototype = DefaultReporter.prototype as Partial<StatusReporter>;
  return typeof prototype.__printStatus === "function" ? (prototype as StatusReporter) : undefined;
}
