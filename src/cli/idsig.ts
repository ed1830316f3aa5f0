/** `avf idsig create`, `verify` and `show`. */
import { runIdsigCreate } from "./idsig-create.js";
import { runIdsigShow, runIdsigVerify } from "./idsig-read.js";

const USAGE = `Usage: avf idsig create APK [OUT] [--release 13|15] [--sdk N] [--key KEY [--cert CERT]]
       avf idsig verify APK IDSIG [--sdk N] [--json]
       avf idsig show IDSIG [--json]
`;

/** Exit code: 0, 1 when a file is refused, 2 for a command line that is wrong. */
export async function run(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === "create") return runIdsigCreate(rest);
  if (command === "verify") return runIdsigVerify(rest);
  if (command === "show") return runIdsigShow(rest);
  const asked = command === "--help" || command === "help";
  (asked ? process.stdout : process.stderr).write(USAGE);
  return asked ? 0 : 2;
}
