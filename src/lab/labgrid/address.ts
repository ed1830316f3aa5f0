/** `labgrid://HOST:PORT/?place=NAME` or `?match=tag:KEY=VALUE`: which coordinator, and which of its places. */
import { UsageError } from "../../base/errors.js";

export interface LabgridAddress {
  /** `HOST:PORT`, an IPv6 address in brackets. */
  readonly coordinator: string;
  /** Name or alias of a place. */
  readonly place?: string;
  /** What a place must have, by tag; used without `place`. */
  readonly tags: Readonly<Record<string, string>>;
}

/** That of labgrid's own programs. */
const DEFAULT_PORT = 20408;
const FORM = "labgrid://HOST:PORT/?place=NAME, or ?match=tag:KEY=VALUE, which may be there several times";

/** @throws UsageError `LAB_ADDRESS`, which does not repeat what may be a password */
export function parseLabgridAddress(url: URL): LabgridAddress {
  if (url.username !== "" || url.password !== "") throw bad("has a user or password, which labgrid knows nothing of");
  if (url.hostname === "") throw bad("names no host");
  if (url.pathname !== "" && url.pathname !== "/") throw bad(`has a path, ${url.pathname}`);
  // The rest of a name, else: place=shelf#1.
  if (url.hash !== "") throw bad("has a fragment; # in a name is written %23");
  for (const name of url.searchParams.keys()) {
    if (name !== "place" && name !== "match") throw bad(`has the parameter ${JSON.stringify(name)}`);
  }
  const coordinator = `${url.hostname}:${url.port === "" ? DEFAULT_PORT : url.port}`;
  const [place, ...more] = url.searchParams.getAll("place");
  const matches = url.searchParams.getAll("match").map(parseMatch);
  const tags = Object.fromEntries(matches);
  const asked = Object.keys(tags).length;
  if (asked < matches.length) throw bad("asks for two values of one tag, which no place has");
  if (place === undefined && asked === 0) throw bad("says no place");
  if (place === "" || more.length > 0) throw bad("must name one place");
  if (place !== undefined && asked > 0) throw bad("has both a place and a match");
  return place === undefined ? { coordinator, tags } : { coordinator, place, tags };
}

function parseMatch(text: string): readonly [string, string] {
  const [, key, value] = /^tag:([a-z][a-z0-9_]+)=(.+)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw bad(`has match=${text}, which is not tag:KEY=VALUE`);
  return [key, value];
}

function bad(problem: string): UsageError {
  return new UsageError("LAB_ADDRESS", `The labgrid address ${problem}.`, { hint: `write ${FORM}` });
}
