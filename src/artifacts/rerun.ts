/** The command that runs one test again. */
import { quoted } from "../base/text/quoted.js";

/** @param file relative to the folder where Jest is run */
export function rerunCommand(file: string, testName: string, project?: string): string {
  const pattern = testName.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const select = project === undefined ? "" : ` --selectProjects ${quoted(project)}`;
  // `--selectProjects` takes all that follows, so it comes last.
  return `npx jest ${quoted(file)} -t ${quoted(`^${pattern}$`)}${select}`;
}
