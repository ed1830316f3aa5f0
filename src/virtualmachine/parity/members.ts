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
  const having = CLASS_RELEASES.filter((release) => namesIn(release, title).some((name) => names.includes(name)));
  if (having.length > 0)
    return /^[\w()., ]+$/.test(row.java) && !row.java.includes(" of ") ? [...before, ...having] : row.releases;
  const isSaid = row.releases.some((release) => release === "15");
  return isSaid ? [...before, ...CLASS_RELEASES] : row.releases;
}

/** Members of a release that no row names. */
export function unexplained(sections: readonly Section[]): readonly string[] {
  return CLASS_RELEASES.flatMap((release) =>
    Object.keys(members[release] ?? {}).flatMap((owner) => {
      const rows = sections.filter(({ title }) => title === owner).flatMap((section) => section.rows);
      const named = new Set(rows.flatMap(({ java }) => namesOf(java)));
      return namesIn(release, owner)
        .filter((name) => !named.has(name))
        .map((name) => `Android ${release}: ${owner} has ${name}, which docs/parity.md does not name`);
    }),
  );
}

function namesIn(release: Release, owner: string): readonly string[] {
  return (members[release]?.[owner] ?? []).map((member) => /^\w+/.exec(member)![0]);
}

/** A row may name several, and alternatives in braces: `STATUS_{STOPPED, RUNNING}`. */
function namesOf(java: string): readonly string[] {
  const braces = /(\w+)\{([^}]*)\}/.exec(java);
  const spread = braces ? braces[2]!.split(", ").map((end) => `${braces[1]!}${end}`) : [];
  return [...spread, ...(java.match(/\w+/g) ?? [])];
}
