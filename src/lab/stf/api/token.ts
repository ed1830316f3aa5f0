/** The access token of an STF account: from `STF_TOKEN`, else the file that `STF_TOKEN_FILE` names. */
import { UsageError } from "../../../base/errors.js";
import { readSecretFile } from "../../credentials/secret-file.js";

/** STF's own have 64 characters. */
const MAX_BYTES = 4_096;
/** What a header can hold, and no blank: STF reads up to the first. */
const TOKEN = /^[\x21-\x7e]+$/;
const HINT =
  "make one in STF under Settings > Keys > Access Tokens, and set STF_TOKEN, or STF_TOKEN_FILE to a file with it";

const FILE = {
  variable: "STF_TOKEN_FILE",
  maxBytes: MAX_BYTES,
  hint: HINT,
  replace: "remove that token in STF and make another",
};

/** @throws UsageError `LAB_CREDENTIALS`, which does not repeat it */
export function readToken(environment: NodeJS.ProcessEnv = process.env): string {
  const { STF_TOKEN: token = "", STF_TOKEN_FILE: path = "" } = environment;
  if (token !== "") return check(token, "STF_TOKEN");
  if (path !== "") return check(readSecretFile({ ...FILE, path }), `The file of STF_TOKEN_FILE, ${path},`);
  throw bad("There is no access token for STF.");
}

function check(text: string, where: string): string {
  const token = text.trim();
  if (TOKEN.test(token)) return token;
  throw bad(`${where} holds ${token === "" ? "nothing" : "something else than a token"}.`);
}

function bad(message: string): UsageError {
  return new UsageError("LAB_CREDENTIALS", message, { hint: HINT });
}
