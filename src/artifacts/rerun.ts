/** The command that runs one test again. */
import { quoted } from "../base/text/quoted.js";

/** Ends the name of a test that runs once more after a restore. */
export const AGAIN = " (after a restore)";

/** @param file relative to the folder where Jest is run */
export function rerunCommand(file: string, testName: string, project?: string): string {
  const pattern = testName.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Jest takes file names for patterns, too. A dot matches itself, and is easier to read.
  const path = file.replace(/[*+?^${}()|[\]\\]/g, "\\$&");
  const select = project === undefined ? "" : ` --selectProjects ${quoted(project)}`;
  // Whatever asked for it, the configuration or this variable: without it there is no such test, and Jest is content.
  const repeat = testName.endsWith(AGAIN) ? "AVF_REPEAT=restored " : "";
  // `--selectProjects` takes all that follows, so it comes last.
  return `${repeat}npx jest ${quoted(path)} -t ${quoted(`^${pattern}$`)}${select}`;
}
