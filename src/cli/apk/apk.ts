/** `avf apk show` and `avf apk build`. */
import { runApkBuild } from "./apk-build.js";
import { runApkShow } from "./apk-show.js";
import { unknownVerb } from "../command-line.js";

/** Exit code: 0, 1 when the APK or the folder is refused, 2 for a command line that is wrong. */
export async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "show") return runApkShow(rest);
  if (command === "build") return runApkBuild(rest);
  throw unknownVerb("apk", command, ["show", "build"]);
}
