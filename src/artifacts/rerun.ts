/** The command that runs one test again. */

/** @param file relative to the folder where Jest is run */
export function rerunCommand(file: string, testName: string, project?: string): string {
  const pattern = testName.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const select = project === undefined ? "" : ` --selectProjects ${shellQuoted(project)}`;
  // `--selectProjects` takes all that follows, so it comes last.
  return `npx jest ${shellQuoted(file)} -t ${shellQuoted(`^${pattern}$`)}${select}`;
}

function shellQuoted(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  // cmd.exe knows no other quotes.
  if (process.platform === "win32") return `"${text.replaceAll('"', '\\"')}"`;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
