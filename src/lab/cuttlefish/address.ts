/** `cuttlefish://HOST:PORT/?…`: which host orchestrator, and which of its devices, or what to make one of. */
import { UsageError } from "../../base/errors.js";

export interface CuttlefishAddress {
  /** For people: `HOST:PORT`. */
  readonly orchestrator: string;
  /** Of its REST API: ends with a slash. */
  readonly base: string;
  /** Where its devices are reached through adb; an IPv6 address without brackets. */
  readonly host: string;
  readonly wanted: WantedDevice;
}

export type WantedDevice =
  /** One that is there; without a group any that runs. */
  | { readonly kind: "take"; readonly group?: string; readonly instance?: string; readonly powerwash: boolean }
  /** One that is made, and removed at the end. */
  | { readonly kind: "create"; readonly configFile: string };

/** Those of the packages for Debian: nginx listens there, before an orchestrator that only listens on loopback. */
const DEFAULT_PORT = { http: 2080, https: 2443 } as const;
const PARAMETERS = ["group", "instance", "powerwash", "config", "tls"];
const FORM = "cuttlefish://HOST:PORT/?group=NAME&instance=NAME, or ?config=FILE; each may have &tls=true";
/** As adb takes them. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$/;
/** As `cvd` takes them. */
const GROUP = /^[A-Za-z_][A-Za-z_0-9]*$/;
const INSTANCE = /^[A-Za-z_0-9]+(?:-[A-Za-z_0-9]+)*$/;

/** @throws UsageError `LAB_ADDRESS`, which does not repeat what may be a password */
export function parseCuttlefishAddress(url: URL): CuttlefishAddress {
  if (url.username !== "" || url.password !== "") {
    throw bad("has a user or password; credentials come from AVF_CUTTLEFISH_TOKEN or AVF_CUTTLEFISH_TOKEN_FILE");
  }
  if (url.hostname === "") throw bad("names no host");
  if (!HOST.test(url.hostname)) throw bad("has a host that adb would not take");
  if (url.hash !== "") throw bad("has a fragment");
  for (const name of new Set(url.searchParams.keys())) {
    if (!PARAMETERS.includes(name)) throw bad(`has the parameter ${JSON.stringify(name)}`);
    if (url.searchParams.getAll(name).length > 1) throw bad(`has ${name} twice`);
  }
  const scheme = flag(url, "tls") ? "https" : "http";
  const orchestrator = `${url.hostname}:${url.port === "" ? DEFAULT_PORT[scheme] : url.port}`;
  const path = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { orchestrator, base: `${scheme}://${orchestrator}${path}`, host, wanted: parseWanted(url) };
}

function parseWanted(url: URL): WantedDevice {
  const { searchParams } = url;
  const [group, instance, config] = ["group", "instance", "config"].map((name) => searchParams.get(name) ?? undefined);
  const powerwash = flag(url, "powerwash");
  if (config !== undefined) {
    if (config === "") throw bad("names no file with config=");
    if (group !== undefined || instance !== undefined) throw bad("has both config and a device that is there");
    if (powerwash) throw bad("has both config and powerwash, which is for devices that are there");
    return { kind: "create", configFile: config };
  }
  if (group !== undefined && !GROUP.test(group)) throw bad("has a group that cvd would not take");
  if (instance !== undefined && !INSTANCE.test(instance)) throw bad("has an instance that cvd would not take");
  if (instance !== undefined && group === undefined) throw bad("has an instance without its group");
  return { kind: "take", powerwash, ...(group && { group }), ...(instance && { instance }) };
}

function flag(url: URL, name: string): boolean {
  const value = url.searchParams.get(name);
  if (value === null || value === "false") return false;
  if (value === "true") return true;
  throw bad(`has ${name}=, which must be true or false`);
}

function bad(problem: string): UsageError {
  return new UsageError("LAB_ADDRESS", `The address of the Cuttlefish orchestrator ${problem}.`, {
    hint: `write ${FORM}`,
  });
}
