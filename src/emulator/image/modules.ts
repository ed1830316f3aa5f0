/** Kernel modules for an initramfs, in an order in which each finds what it depends on. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { InfrastructureError } from "../../base/errors.js";

/** Files of the wanted modules and of all they depend on, dependencies first. Names may be written with `-` or `_`. */
export function orderModules(wanted: readonly string[], modulesFolder: string): readonly string[] {
  const index = indexModules(modulesFolder);
  const ordered: string[] = [];
  const visit = (name: string): void => {
    const file = index.get(normalize(name));
    if (file === undefined) {
      throw new InfrastructureError("KERNEL_MODULE_MISSING", `The kernel package has no module ${name}.`);
    }
    if (ordered.includes(file)) return;
    for (const dependency of dependenciesOf(file)) visit(dependency);
    ordered.push(file);
  };
  for (const name of wanted) visit(name);
  return ordered;
}

function indexModules(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(join(folder, "kernel"), { recursive: true, encoding: "utf8" });
  return new Map(
    files
      .filter((file) => file.endsWith(".ko"))
      .map((file) => [normalize(basename(file, ".ko")), join(folder, "kernel", file)]),
  );
}

/** The module says it itself: `depends=a,b` among the NUL-separated strings of its .modinfo section. */
function dependenciesOf(file: string): readonly string[] {
  const content = readFileSync(file).toString("latin1");
  const list = /\0depends=([^\0]*)\0/.exec(content)?.[1] ?? "";
  return list.split(",").filter((name) => name !== "");
}

function normalize(name: string): string {
  return name.replaceAll("-", "_");
}
