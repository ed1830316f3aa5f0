/** Which names an entry may have: those that stay below the folder they would be unpacked to, on any system. */
import { ApkError } from "../apk-error.js";

export function checkEntryName(name: string, offset: number | undefined, field: string): void {
  const reason = objection(name);
  if (reason) {
    throw new ApkError("UNSAFE_ENTRY_NAME", `entry name ${JSON.stringify(name)} ${reason}`, { offset, field });
  }
}

function objection(name: string): string | undefined {
  if (name === "") return "is empty";
  if (name.includes("\0")) return "has a NUL";
  if (name.includes("\\")) return "has a backslash";
  if (name.includes("\uFFFD")) return "is not UTF-8";
  if (name.startsWith("/")) return "is absolute";
  const parts = (name.endsWith("/") ? name.slice(0, -1) : name).split("/");
  if (parts.includes("..")) return "leaves its folder";
  if (parts.includes(".") || parts.includes("")) return "has an empty part";
  return undefined;
}
