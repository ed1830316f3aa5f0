/** The access token of an STF account: from `STF_TOKEN`, else the file that `STF_TOKEN_FILE` names. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { describeError, UsageError } from "../../../base/errors.js";

/** STF's own have 64 characters. */
const MAX_BYTES = 4_096;
/** What a header can hold, and no blank: STF reads up to the first. */
const TOKEN = /^[\x21-\x7e]+$/;
const HINT =
  "make one in STF under Settings > Keys > Access Tokens, and set STF_TOKEN, or STF_TOKEN_FILE to a file with it";

/** @throws UsageError `LAB_CREDENTIALS`, which does not repeat it */
export function readToken(environment: NodeJS.ProcessEnv = process.env): string {
  const { STF_TOKEN: token = "", STF_TOKEN_FILE: path = "" } = environment;
  if (token !== "") return check(token, "STF_TOKEN");
  if (path !== "") return check(readPrivate(path), `The file of STF_TOKEN_FILE, ${path},`);
  throw bad("There is no access token for STF.");
}

function check(text: string, where: string): string {
  const token = text.trim();
  if (TOKEN.test(token)) return token;
  throw bad(`${where} holds ${token === "" ? "nothing" : "something else than a token"}.`);
}

function readPrivate(path: string): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    requirePrivate(path, fd);
    const bytes = Buffer.alloc(MAX_BYTES);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, MAX_BYTES, null));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw bad(`STF_TOKEN_FILE cannot be read: ${describeError(error)}.`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Of the open file, for a name may come to be another's. Windows has no such modes. */
function requirePrivate(path: string, fd: number): void {
  const file = fstatSync(fd);
  if (!file.isFile()) throw bad(`STF_TOKEN_FILE names ${path}, which is no file.`);
  const user = process.geteuid?.();
  if (user === undefined) return;
  if ((file.mode & 0o077) !== 0) {
    throw new UsageError("LAB_CREDENTIALS", `Others may read the token in ${path}, which STF_TOKEN_FILE names.`, {
      hint: `chmod 600 ${path}; if they have read it already, remove that token in STF and make another`,
    });
  }
  if (file.uid !== user && file.uid !== 0) throw bad(`${path}, which STF_TOKEN_FILE names, is another user's.`);
}

function bad(message: string): UsageError {
  return new UsageError("LAB_CREDENTIALS", message, { hint: HINT });
}
