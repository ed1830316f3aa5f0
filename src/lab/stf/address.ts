/** `stf://HOST:PORT/?serial=…`: which DeviceFarmer STF, and which of its devices. */
import { UsageError } from "../../base/errors.js";
import { anyOf } from "../../base/text/word-list.js";

export interface StfAddress {
  /** `https://HOST:PORT` */
  readonly server: URL;
  /** What a device must have: one of these values of each. None: any device. */
  readonly match: DeviceMatch;
}

export type DeviceMatch = Partial<Readonly<Record<MatchKey, readonly string[]>>>;

/** As STF's API names what it knows of a device; `group` is the name or id of its group. */
export const MATCH_KEYS = [
  "serial",
  "model",
  "manufacturer",
  "product",
  "platform",
  "version",
  "sdk",
  "abi",
  "group",
] as const;
export type MatchKey = (typeof MATCH_KEYS)[number];

const FORM = `stf://HOST:PORT/, and what a device must have: ?serial=…&sdk=… (${MATCH_KEYS.join(", ")}); stf+http:// is without TLS`;

/** @throws UsageError `LAB_ADDRESS`, which does not repeat what may be a password or token */
export function parseStfAddress(url: URL): StfAddress {
  if (url.username !== "" || url.password !== "") {
    throw bad("has a user, password or token, which do not belong there: set STF_TOKEN or STF_TOKEN_FILE");
  }
  if (url.hostname === "") throw bad("names no host");
  if (url.pathname !== "" && url.pathname !== "/") throw bad("has a path");
  if (url.hash !== "") throw bad("has a fragment");
  const scheme = url.protocol === "stf+http:" ? "http" : "https";
  const server = new URL(`${scheme}://${url.host}`);
  return { server, match: parseMatch(url.searchParams) };
}

function parseMatch(params: URLSearchParams): DeviceMatch {
  const match: Partial<Record<MatchKey, readonly string[]>> = {};
  for (const key of params.keys()) {
    // A name that could be a token is not repeated either.
    const shown = /^[A-Za-z]{1,20}$/.test(key) ? `the parameter ${key}` : "a parameter";
    if (!isMatchKey(key)) throw bad(`has ${shown}, which is none of what a device can have`);
    const values = params.getAll(key);
    if (values.includes("")) throw bad(`has ${key} without a value`);
    match[key] = values;
  }
  return match;
}

function isMatchKey(text: string): text is MatchKey {
  return (MATCH_KEYS as readonly string[]).includes(text);
}

/** `serial 0A1B or 0A1C and sdk 35`; for no condition: `any device`. */
export function describeMatch(match: DeviceMatch): string {
  const parts = Object.entries(match).map(([key, values]) => `${key} ${anyOf(values)}`);
  return parts.length === 0 ? "any device" : `a device with ${parts.join(" and ")}`;
}

function bad(problem: string): UsageError {
  return new UsageError("LAB_ADDRESS", `The STF address ${problem}.`, { hint: `write ${FORM}` });
}
