import { describe, expect, test } from "@jest/globals";
import { showProgress } from "./progress.js";

/** Takes what is written; `isTTY` says whether it is a terminal. */
function stream(isTTY: boolean): { readonly written: string[]; readonly stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { written, stream: { isTTY, columns: 80, write } as unknown as NodeJS.WriteStream };
}

describe("a note", () => {
  test("ends the step before it, and is one line without a time", () => {
    const { written, stream: pipe } = stream(false);
    const progress = showProgress(pipe);
    progress.step("Trying");
    progress.note?.("it does not work");
    progress.done();
    expect(written).toEqual([
      "avf: Trying …\n",
      expect.stringMatching(/^avf: Trying \(.*\)\n$/),
      "avf: it does not work\n",
    ]);
  });

  test("stays on a terminal when the next step is drawn", () => {
    const { written, stream: terminal } = stream(true);
    const progress = showProgress(terminal);
    progress.note?.("it does not work");
    progress.step("Booting");
    expect(written.join("")).toMatch(/it does not work\n\r.*Booting$/);
  });
});
