/** Commands and shell of a phone, for device and guest: Debian's toybox and mksh, and busybox for what toybox lacks. */
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { run } from "../process/run.js";
import type { BuildTools } from "../process/programs/build-tools.js";

/** What the shell begins with, as `/system/etc/mkshrc`. */
export const MKSHRC = join(packageRoot, "src/guest/mkshrc.sh");
/** Programs of our own have these names, or nobody has: `sh` is mksh, and `su` lies elsewhere on a phone. */
const NEVER = ["busybox", "toybox", "sh", "su"];

/** Where Debian's packages have each program, and the names it goes by in /system/bin. */
export interface AndroidCommands {
  readonly programs: ReadonlyMap<"sh" | "toybox" | "busybox", string>;
  /** Name to program. */
  readonly links: ReadonlyMap<string, "toybox" | "busybox">;
}

export async function androidCommands(
  packagesRoot: string,
  tools: BuildTools,
  signal?: AbortSignal,
): Promise<AndroidCommands> {
  const busybox = join(packagesRoot, "usr/bin/busybox");
  const [behind, first] = await Promise.all([
    run([busybox, "--list"], { signal }),
    run([tools.toybox], { signal, env: { LC_ALL: "C" } }),
  ]);
  const links = new Map<string, "toybox" | "busybox">();
  for (const name of namesIn(behind.stdout)) links.set(name, "busybox");
  for (const name of namesIn(first.stdout)) links.set(name, "toybox");
  const programs = { sh: "usr/bin/mksh", toybox: "usr/bin/toybox", busybox: "usr/bin/busybox" } as const;
  return {
    programs: new Map((["sh", "toybox", "busybox"] as const).map((name) => [name, join(packagesRoot, programs[name])])),
    links,
  };
}

function namesIn(list: string): readonly string[] {
  return list.split(/\s+/).filter((name) => /^[a-z0-9[][a-z0-9._[-]*$/.test(name) && !NEVER.includes(name));
}
