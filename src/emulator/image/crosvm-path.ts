/** `AVF_CROSVM`: the crosvm that goes into the device's image. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.js";

const ELF_MAGIC = 0x7f454c46;
const ELF_X86_64 = 62;

/** Absolute; undefined when none is given. Throws a UsageError for what cannot be a crosvm for the device. */
export function crosvmPath(given = process.env["AVF_CROSVM"]): string | undefined {
  if (given === undefined || given === "") return undefined;
  const path = resolve(given);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    throw new UsageError("NO_CROSVM", `AVF_CROSVM names ${path}, and there is no such file.`, {
      hint: "AVF_CROSVM=/path/to/crosvm; or unset it, and VMs run on QEMU",
    });
  }
  if (!stat.isFile() || !isProgram(path)) {
    throw new UsageError("BAD_CROSVM", `AVF_CROSVM names ${path}, which is no x86-64 program.`, {
      hint: "name the crosvm binary itself, not a folder or a script around it",
    });
  }
  return path;
}

function isProgram(path: string): boolean {
  const header = Buffer.alloc(20);
  const file = openSync(path, "r");
  try {
    if (readSync(file, header) < header.length) return false;
  } finally {
    closeSync(file);
  }
  return header.readUInt32BE(0) === ELF_MAGIC && header.readUInt16LE(18) === ELF_X86_64;
}
