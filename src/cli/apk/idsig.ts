/** `avf idsig create`, `verify` and `show`. */
import { runIdsigCreate } from "./idsig-create.js";
import { runIdsigShow, runIdsigVerify } from "./idsig-read.js";
import { unknownVerb } from "../command-line.js";

/** Exit code: 0, 1 when a file is refused, 2 for a command line that is wrong. */
export async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "create") return runIdsigCreate(rest);
  if (command === "verify") return runIdsigVerify(rest);
  if (command === "show") return runIdsigShow(rest);
  throw unknownVerb("idsig", command, ["create", "verify", "show"]);
}
