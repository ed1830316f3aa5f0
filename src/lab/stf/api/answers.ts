/** What STF answers, as we use it: checked, for it comes from outside. */
import { printableLine, shortened } from "../../../base/printable.js";
import { MATCH_KEYS, type DeviceMatch, type MatchKey } from "../address.js";

export interface StfUser {
  /** By which STF distinguishes accounts. Never printed. */
  readonly email: string;
  /** Fingerprints of the adb keys that STF knows as this account's; undefined: this STF does not tell. */
  readonly adbKeys: readonly string[] | undefined;
}

export interface StfDevice {
  readonly serial: string;
  /** Plugged in, and known to adb. */
  readonly present: boolean;
  /** STF's own process for it has come up. */
  readonly ready: boolean;
  readonly owner: StfOwner | undefined;
  /**
   * When its use began, by STF's clock; only of a use that began through the API. Of two uses it is never the same, so with
   * the owner it says which use this is.
   */
  readonly usedSince: string | undefined;
  readonly facts: Partial<Readonly<Record<MatchKey, readonly string[]>>>;
}

interface StfOwner {
  readonly email: string;
  /** For people. */
  readonly name: string;
}

/** Fields of a device to ask for: all of them are many times as long. */
export const DEVICE_FIELDS = [
  ...["serial", "present", "ready", "owner", "usage", "usageChangedAt"],
  ...["model", "manufacturer", "product", "platform", "version", "sdk", "abi", "group"],
].join(",");

/** Beyond these, names are cut: they go into messages. */
const MAX_NAME = 80;
const MAX_VALUE = 1_000;

export function readUser(answer: unknown): StfUser | undefined {
  const user = field(answer, "user");
  const email = text(field(user, "email"));
  if (email === undefined) return undefined;
  const keys = field(user, "adbKeys");
  if (!Array.isArray(keys)) return { email, adbKeys: undefined };
  return { email, adbKeys: keys.flatMap((key: unknown) => text(field(key, "fingerprint")) ?? []) };
}

/** Those that have a serial; undefined when it is no list. */
export function readDevices(answer: unknown): readonly StfDevice[] | undefined {
  const devices = field(answer, "devices");
  return Array.isArray(devices) ? devices.flatMap((device: unknown) => readDevice(device) ?? []) : undefined;
}

export function readDevice(device: unknown): StfDevice | undefined {
  const serial = text(field(device, "serial"));
  if (serial === undefined) return undefined;
  const group = field(device, "group");
  const facts = MATCH_KEYS.map((key) => {
    const found = key === "group" ? [field(group, "name"), field(group, "id")] : [field(device, key)];
    return [key, found.flatMap((value) => text(value) ?? [])] as const;
  });
  return {
    serial,
    present: field(device, "present") === true,
    ready: field(device, "ready") === true,
    owner: readOwner(field(device, "owner")),
    usedSince: text(field(device, "usage")) === undefined ? undefined : text(field(device, "usageChangedAt")),
    facts: Object.fromEntries(facts),
  };
}

/** As STF has made it of its provider's pattern, so it may be no address; undefined: it is no text. */
export function readConnectAddress(answer: unknown): string | undefined {
  const address = text(field(answer, "remoteConnectUrl"));
  return address === undefined ? undefined : forPeople(address, 300);
}

/** STF's own words for what became of a request, fit for a message. */
export function readDescription(answer: unknown): string {
  const said = text(field(answer, "description")) ?? text(field(answer, "message"));
  return said === undefined ? "no word why" : forPeople(said.replace(/\.$/, ""), 300);
}

export function matches({ facts }: StfDevice, match: DeviceMatch): boolean {
  return MATCH_KEYS.every((key) => match[key]?.some((value) => facts[key]?.includes(value)) ?? true);
}

/** An e-mail address, which is what people log in to STF with, is cut at its `@`. */
function readOwner(owner: unknown): StfOwner | undefined {
  const email = text(field(owner, "email"));
  if (email === undefined) return undefined;
  const name = text(field(owner, "name"))?.replace(/@.*$/s, "").trim() ?? "";
  return { email, name: name === "" ? "another user" : forPeople(name, MAX_NAME) };
}

function forPeople(said: string, maxLength: number): string {
  return printableLine(shortened(said, maxLength));
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

/** A number as well: STF gives some versions of Android's SDK so. */
function text(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" && value.length <= MAX_VALUE ? value : undefined;
}
