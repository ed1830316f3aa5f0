/** Parts of the Jest that runs, for what is loaded by it: another copy that happens to be installed will not do. */
import { createRequire } from "node:module";

const CORE = /[\\/]@jest[\\/]core[\\/]build[\\/]index\.js$/;

/** A module that Jest's core depends on. */
export function jestModule(name: string): unknown {
  const load = createRequire(corePath());
  return load(name);
}

/** As loaded in this process; otherwise what this project's Jest, or ours, would load. */
function corePath(): string {
  const loaded = Object.keys(require.cache).find((path) => CORE.test(path));
  if (loaded !== undefined) return loaded;
  const jest = require.resolve("jest", { paths: [process.cwd(), __dirname] });
  return require.resolve("@jest/core", { paths: [jest] });
}
