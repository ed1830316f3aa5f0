/** In which language a project writes its suites: by its own files, and by those of the workspace that it is a part of. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type Dialect = "typescript" | "es-module" | "commonjs";

interface Manifest {
  readonly type?: unknown;
  readonly workspaces?: unknown;
  readonly dependencies?: Readonly<Record<string, unknown>>;
  readonly devDependencies?: Readonly<Record<string, unknown>>;
}

/** TypeScript where there is no project at all: suites need no build either way. */
export function dialectOf(folder: string): Dialect {
  const own = ownFolders(folder);
  const usesTypeScript = own.length === 0 || [...own, ...workspaceFolders(folder)].some(saysTypeScript);
  return usesTypeScript ? "typescript" : javascriptDialectOf(folder);
}

/** As Node takes files that end in `.js`: by the nearest package.json. */
export function javascriptDialectOf(folder: string): Dialect {
  const nearest = upwards(folder).find((each) => existsSync(join(each, "package.json")));
  return nearest !== undefined && readManifest(nearest).type === "module" ? "es-module" : "commonjs";
}

/** From the folder up to that of its package.json; none where there is no package. */
function ownFolders(folder: string): readonly string[] {
  const all = upwards(folder);
  const last = all.findIndex((each) => existsSync(join(each, "package.json")));
  return all.slice(0, last + 1);
}

/** From the folder up to the root of its workspace (npm, Yarn, pnpm, Lerna); none where it is no part of one. */
function workspaceFolders(folder: string): readonly string[] {
  const all = upwards(folder);
  const root = all.findIndex(
    (each) =>
      readManifest(each).workspaces !== undefined ||
      ["pnpm-workspace.yaml", "lerna.json"].some((name) => existsSync(join(each, name))),
  );
  return all.slice(0, root + 1);
}

function saysTypeScript(folder: string): boolean {
  const { dependencies = {}, devDependencies = {} } = readManifest(folder);
  const files = ["tsconfig.json", "tsconfig.base.json", "jest.config.ts", "jest.config.mts", "jest.config.cts"];
  return (
    files.some((name) => existsSync(join(folder, name))) || "typescript" in { ...dependencies, ...devDependencies }
  );
}

function upwards(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...upwards(parent)];
}

/** An empty one where there is none, or one that nobody can read. */
function readManifest(folder: string): Manifest {
  try {
    const parsed: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}
