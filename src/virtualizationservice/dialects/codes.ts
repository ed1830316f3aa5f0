/** Names and numbers of AIDL enumerations as the tools print them. */
import { DEATH_REASONS, VM_ERROR_CODES, type DeathReason, type VmErrorCode } from "../contract.js";

type DeathName = keyof typeof DEATH_REASONS;
type ErrorName = keyof typeof VM_ERROR_CODES;

export function deathReason(name: DeathName): DeathReason {
  return { kind: "known", name, value: DEATH_REASONS[name] };
}

/** From Rust's CamelCase, e.g. `PvmFirmwarePublicKeyMismatch`. */
export function deathReasonFromRust(text: string): DeathReason {
  const name = upperSnake(text);
  if (name in DEATH_REASONS) return deathReason(name as DeathName);
  // A value that the tool itself does not know, for instance the watchdog's.
  const value = Number(/^Unrecogni[sz]ed\(.*?(-?\d+)\D*\)$/.exec(text)?.[1]);
  const known = Object.keys(DEATH_REASONS).find((key) => DEATH_REASONS[key as DeathName] === value);
  return known === undefined ? { kind: "unrecognised", raw: text } : deathReason(known as DeathName);
}

/** A number (Android 13), or Rust's debug form of the enumeration (Android 15): `ErrorCode(2)` or `PayloadChanged`. */
export function errorCode(text: string): VmErrorCode {
  const value = /^(?:ErrorCode\()?(-?\d+)\)?$/.exec(text)?.[1];
  const bare = /^(?:ErrorCode(?:::|\())?([A-Za-z_]+)\)?$/.exec(text)?.[1];
  const name = Object.keys(VM_ERROR_CODES).find((key) =>
    value === undefined
      ? bare !== undefined && upperSnake(bare) === key
      : VM_ERROR_CODES[key as ErrorName] === Number(value),
  );
  if (name === undefined) return { kind: "unrecognised", raw: text };
  return { kind: "known", name: name as ErrorName, value: VM_ERROR_CODES[name as ErrorName] };
}

function upperSnake(text: string): string {
  if (/^[A-Z0-9_]+$/.test(text)) return text;
  return text.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase();
}
