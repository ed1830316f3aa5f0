/** Kernel modules for an initramfs, in an order in which each finds what it depends on. */
import { readFileSync } from "node:fs";
import { modulePath } from "../../guest/kernel-modules.js";

/**
 * Files of the wanted modules and of all they depend on, dependencies first.
 * @param modules paths by name, as `findModules` gives them
 */
export function orderModules(wanted: readonly string[], modules: ReadonlyMap<string, string>): readonly string[] {
  const ordered: string[] = [];
  const visit = (name: string): void => {
    const file = modulePath(modules, name);
    if (ordered.includes(file)) return;
    for (const dependency of dependenciesOf(file)) visit(dependency);
    ordered.push(file);
  };
  for (const name of wanted) visit(name);
  return ordered;
}

/** The module says it itself: `depends=a,b` among the NUL-separated strings of its .modinfo section. */
function dependenciesOf(file: string): readonly string[] {
  const content = readFileSync(file).toString("latin1");
  const list = /\0depends=([^\0]*)\0/.exec(content)?.[1] ?? "";
  return list.split(",").filter((name) => name !== "");
}
