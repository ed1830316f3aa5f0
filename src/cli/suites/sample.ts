/** `avf sample`: an APK whose payload greets, and the header to write another one, for a project and a clone alike. */
import { constants, copyFileSync, existsSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import { makeFolder } from "../../base/files/make-folder.js";
import { packageRoot } from "../../base/paths.js";
import { parseCommandLine } from "../command-line.js";

const FILES: readonly (readonly [path: string, meaning: string])[] = [
  [
    "fixtures/MicrodroidTestApp.apk",
    "its payload greets and ticks; payload configs assets/vm_config.json, vm_config_exit.json",
  ],
  ["fixtures/MicrodroidTestApp.apk.idsig", "its idsig"],
  ["src/guest/payload-api/vm_payload.h", "what payloads in C include"],
];

export async function run(args: readonly string[]): Promise<number> {
  const { positionals } = parseCommandLine("sample", args, { least: 0, most: 1 });
  const folder = resolve(positionals[0] ?? ".");
  const files = FILES.map(([path, meaning]) => ({
    ...{ from: join(packageRoot, path), to: join(folder, basename(path)), meaning },
  }));
  const changed = files.find(({ from, to }) => existsSync(to) && !isSame(from, to));
  if (changed !== undefined) {
    throw new UsageError("FILE_EXISTS", `${shown(changed.to)} is there already, with another content.`, {
      hint: "remove it, or name another folder: npx avf sample DIR",
    });
  }
  makeFolder(folder);
  const width = Math.max(...files.map(({ to }) => shown(to).length));
  for (const { from, to, meaning } of files) {
    // Never over a file that came into being since.
    if (!existsSync(to)) copyFileSync(from, to, constants.COPYFILE_EXCL);
    process.stdout.write(`${shown(to).padEnd(width)}  ${meaning}\n`);
  }
  return 0;
}

function isSame(a: string, b: string): boolean {
  return readFileSync(a).equals(readFileSync(b));
}

function shown(path: string): string {
  const near = relative(process.cwd(), path);
  return near.startsWith("..") ? path : near;
}
