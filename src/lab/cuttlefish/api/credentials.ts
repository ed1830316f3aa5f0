/** What an orchestrator, or what stands before it, wants to be shown. Kept out of everything that is printed or recorded. */
import { UsageError } from "../../../base/errors.js";
import { readSecretFile } from "../../credentials/secret-file.js";

export interface Credentials {
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Takes them out of a text of others. */
  conceal(text: string): string;
}

/** Each is the name of a variable, and of one that names a file with the same. */
const SOURCES = [
  {
    name: "AVF_CUTTLEFISH_TOKEN",
    fileName: "AVF_CUTTLEFISH_TOKEN_FILE",
    header: "authorization",
    prefix: "Bearer ",
  },
  {
    name: "AVF_CUTTLEFISH_BUILD_TOKEN",
    fileName: "AVF_CUTTLEFISH_BUILD_TOKEN_FILE",
    header: "x-cutf-host-orchestrator-buildapi-creds",
    prefix: "",
  },
] as const;

const MAX_BYTES = 16_384;
/** What a header may carry. */
const TOKEN = /^[\x21-\x7e]+$/;
const FILE = {
  maxBytes: MAX_BYTES,
  hint: "name a file of yours alone, with the token in it: chmod 600",
  replace: "have another token made",
};
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/;

/**
 * @param host they are sent to it in the clear only where that stays on this host
 * @throws UsageError `LAB_CREDENTIALS`, which does not contain them
 */
export function readCredentials(
  { host, base }: { readonly host: string; readonly base: string },
  environment: NodeJS.ProcessEnv = process.env,
): Credentials {
  const headers: Record<string, string> = {};
  const secrets: string[] = [];
  for (const { name, fileName, header, prefix } of SOURCES) {
    const secret = readSecret(name, fileName, environment);
    if (secret === undefined) continue;
    if (!base.startsWith("https:") && !LOOPBACK.test(host)) {
      throw bad(`${name} would be sent to ${host} in the clear`, "add &tls=true to the address, or use a tunnel");
    }
    headers[header] = prefix + secret;
    secrets.push(secret);
  }
  return { headers, conceal: (text) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "***"), text) };
}

function readSecret(name: string, fileName: string, environment: NodeJS.ProcessEnv): string | undefined {
  const [said = "", file = ""] = [environment[name], environment[fileName]];
  if (said !== "" && file !== "") throw bad(`${name} and ${fileName} are both set`, "set one of them");
  const text = (file === "" ? said : readSecretFile({ ...FILE, variable: fileName, path: file })).trim();
  if (text === "" && file === "") return undefined;
  if (!TOKEN.test(text)) throw bad(`${name} is no token`, "a token is one word of printable ASCII characters");
  return text;
}

function bad(problem: string, hint: string): UsageError {
  return new UsageError("LAB_CREDENTIALS", `${problem}.`, { hint });
}
