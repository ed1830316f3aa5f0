/** What Android's classes have that others may call or read, by release: facts for the parity page. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchArtifact, ORACLE_RELEASES } from "./artifacts.js";
import { root } from "./root.js";

const PACKAGE = "android.system.virtualmachine";
const CLASSES = [
  ...["VirtualMachineManager", "VirtualMachine", "VirtualMachineConfig", "VirtualMachineConfig$Builder"],
  ...["VirtualMachineCallback", "VirtualMachineDescriptor", "VirtualMachineException"],
  // Since 15.
  ...["", "$Builder", "$Disk", "$Partition"].map((inner) => `VirtualMachineCustomImageConfig${inner}`),
];

/** Writes the listing that is checked in; `npm run docs` makes the page of it. */
export function writeMembers(): string {
  const path = join(root, "src/virtualmachine/parity/members.json");
  const releases = ORACLE_RELEASES.map((release) => {
    const { jar } = fetchArtifact(release);
    return [String(release), membersOf(jar)] as const;
  });
  writeFileSync(path, `${JSON.stringify(Object.fromEntries(releases), undefined, 2)}\n`);
  return path;
}

/** By class: `run()`, `STATUS_STOPPED = 0`, with the types of parameters in short. */
function membersOf(jar: string): Readonly<Record<string, readonly string[]>> {
  const argv = ["-public", "-constants", "-cp", jar, ...CLASSES.map((name) => `${PACKAGE}.${name}`)];
  // It fails where a class is missing, and lists the others.
  const { stdout: said } = spawnSync("javap", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const classes = said.split(/^Compiled from .*\n/m).slice(1);
  const nameOf = (text: string): string => /(?:class|interface) [\w.]+\.([\w$]+)/.exec(text)?.[1] ?? "";
  const members = (text: string): readonly string[] =>
    text
      .split("\n")
      .filter((line) => line.startsWith("  public"))
      .map(memberOf);
  return Object.fromEntries(classes.map((text) => [nameOf(text).replace("$", "."), [...members(text)].sort()]));
}

function memberOf(line: string): string {
  const short = (type: string): string => type.replace(/[\w.]+\.(?=\w)/g, "").replace(/^\w+\$/, "");
  const [, qualified, parameters] = /([\w.$]+)\((.*)\)/.exec(line) ?? [];
  if (qualified !== undefined) return `${short(qualified)}(${(parameters ?? "").split(", ").map(short).join(", ")})`;
  const [, field, value] = /([\w$]+)(?: = (.*))?;$/.exec(line) ?? [];
  return value === undefined ? `${field}` : `${field} = ${value.replace(/l$/, "")}`;
}
