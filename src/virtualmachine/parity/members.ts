/** Which releases have a member, as their real classes say: members.json, which `npm run oracle -- --members` writes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { CLASS_RELEASES, type Release, type Row, type Section } from "./row.js";

/** By release, then by class: `run()`, `STATUS_STOPPED = 0`. */
type Members = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const members = JSON.parse(
  readFileSync(join(packageRoot, "src/virtualmachine/parity/members.json"), "utf8"),
) as Members;

/**
 * Releases of a row: those whose class has what it names. What is no member, such as a rule about a file, is in all since
 * the one that it was written down for.
 */
export function releasesOf(row: Row, { title }: Section): readonly Release[] {
  const before = row.releases.filter((release) => !CLASS_RELEASES.includes(release));
  const names = namesOf(row.java);
  const isSignature = signaturesOf(title, nameOf(row.java)).size > 1;
  const having = CLASS_RELEASES.filter((release) =>
    isSignature
      ? membersIn(release, title).includes(row.java)
      : namesIn(release, title).some((name) => names.includes(name)),
  );
  if (having.length > 0)
    return /^[\w()., ]+$/.test(row.java) && !row.java.includes(" of ") ? [...before, ...having] : row.releases;
  const isSaid = row.releases.some((release) => release === "15");
  return isSaid ? [...before, ...CLASS_RELEASES] : row.releases;
}

/** Members of a release that no row names; where a name has several signatures, each has to be named. */
export function unexplained(sections: readonly Section[]): readonly string[] {
  return CLASS_RELEASES.flatMap((release) =>
    Object.keys(members[release] ?? {}).flatMap((owner) => {
      const rows = sections.filter(({ title }) => title === owner).flatMap((section) => section.rows);
      const named = new Set(rows.flatMap(({ java }) => [java, ...namesOf(java)]));
      return membersIn(release, owner)
        .map((member) => (signaturesOf(owner, nameOf(member)).size > 1 ? member : nameOf(member)))
        .filter((name) => !named.has(name))
        .map((name) => `Android ${release}: ${owner} has ${name}, which docs/parity.md does not name`);
    }),
  );
}

/** The most parameters that a method has in any release; undefined when no class has it. */
export function mostParameters(owner: string, name: string): number | undefined {
  const counts = [...signaturesOf(owner, name)].map((signature) => {
    const parameters = /\((.*)\)$/.exec(signature)?.[1] ?? "";
    return parameters === "" ? 0 : parameters.split(", ").length;
  });
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/** With the types of their parameters, of all releases. */
function signaturesOf(owner: string, name: string): ReadonlySet<string> {
  const all = CLASS_RELEASES.flatMap((release) => membersIn(release, owner));
  return new Set(all.filter((member) => member.includes("(") && nameOf(member) === name));
}

function membersIn(release: Release, owner: string): readonly string[] {
  return members[release]?.[owner] ?? [];
}

function nameOf(member: string): string {
  return /^\w+/.exec(member)?.[0] ?? "";
}

function namesIn(release: Release, owner: string): readonly string[] {
  return membersIn(release, owner).map(nameOf);
}

/** A row may name several, and alternatives in braces: `STATUS_{STOPPED, RUNNING}`. */
function namesOf(java: string): readonly string[] {
  const braces = /(\w+)\{([^}]*)\}/.exec(java);
  const spread = braces ? braces[2]!.split(", ").map((end) => `${braces[1]!}${end}`) : [];
  return [...spread, ...(java.match(/\w+/g) ?? [])];
}
