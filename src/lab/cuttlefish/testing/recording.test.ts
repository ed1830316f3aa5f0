/** The answers that the unit tests' fake gives are those of the real host orchestrator. `AVF_RECORD=REVISION` writes them down. */
import { describe, expect, test } from "@jest/globals";
import { writeFileSync } from "node:fs";
import { converse, readRecording, RECORDING, type Recording } from "./recording.js";
import { TestOrchestrator, whyNoOrchestrator } from "./test-orchestrator.js";

const reason = whyNoOrchestrator();
const describeThere = reason === undefined ? describe : describe.skip;

describeThere(`recorded answers${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  test("are those of the real host orchestrator", async () => {
    const lab = await TestOrchestrator.start();
    try {
      const exchanges = await converse(lab.base, lab.folder);
      const revision = process.env["AVF_RECORD"];
      if (revision !== undefined) {
        writeFileSync(RECORDING, `${JSON.stringify({ revision, exchanges } satisfies Recording, undefined, 2)}\n`);
      }
      expect(exchanges).toEqual(readRecording().exchanges);
    } finally {
      await lab.stop();
    }
  }, 120_000);
});
