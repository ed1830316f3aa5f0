/** Finds every place in the sources that removes, moves, empties or ends something, on host or device. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

interface Site {
  /** Relative to the checkout. */
  readonly file: string;
  /** The call, or the text that has the device's command in it, with one blank for each gap. */
  readonly text: string;
  /** Of a call: the names whose values its first argument, or what it is called on, is made of. */
  readonly subjects: readonly string[];
}

/** Of node:fs, node:process and everything that has processes, and the one of our adb client. */
const CALLS = new Set(
  ["rm", "unlink", "rmdir", "rename", "truncate", "ftruncate"]
    .flatMap((name) => [name, `${name}Sync`])
    .concat("kill", "killpg", "endAtOnce", "killForward"),
);
/** Words of a shell, of `pm` and of adb, at the beginning of a command. */
const COMMAND =
  /(^|[\s;&|({])(rm|rmdir|mv|kill|pkill|killall|unlink|uninstall|--remove|--remove-all|kill-server)($|[\s;])/;
/** In C: of the guest and of the device's own programs. */
const C_CALL = /\b(unlink|unlinkat|rmdir|rename|renameat|remove|truncate|ftruncate|kill|umount2?|reboot)\s*\([^;]*;/g;
const FOLDERS = ["src", "tools", "fuzz", "bench"];

export function findSites(root: string): readonly Site[] {
  return FOLDERS.flatMap((folder) => sourcesBelow(root, folder)).flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    if (file.endsWith(".c"))
      return [...text.matchAll(C_CALL)].map(([call]) => ({ file, text: oneLine(call), subjects: [] }));
    if (file.endsWith(".sh")) return text.split("\n").flatMap((line) => inShell(file, line));
    return inScript(file, text);
  });
}

/** Tests and what serves only them are left out. */
function sourcesBelow(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory())
        return ["testing", "node_modules", "findings"].includes(entry.name) ? [] : sourcesBelow(root, path);
      return /\.(ts|cjs|mjs|js|c|sh)$/.test(path) && !/\.(test|d)\./.test(path) ? [path] : [];
    })
    .sort();
}

function inShell(file: string, line: string): readonly Site[] {
  return !line.trimStart().startsWith("#") && COMMAND.test(line) ? [{ file, text: oneLine(line), subjects: [] }] : [];
}

function inScript(file: string, text: string): readonly Site[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const sites: Site[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && CALLS.has(nameOf(node.expression))) {
      sites.push({ file, text: oneLine(node.getText(source)), subjects: subjectsOf(node) });
    }
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
    if (isText && !isName(node)) {
      const written = node.getText(source).slice(1, -1).replaceAll("\\n", "\n");
      for (const line of written.split("\n"))
        if (COMMAND.test(line)) sites.push({ file, text: oneLine(line), subjects: [] });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return sites;
}

/** Of a module, a property or a type, not of a command. */
function isName({ parent }: ts.Node): boolean {
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isCaseClause(parent) ||
    (ts.isPropertyAssignment(parent) && ts.isIdentifier(parent.name) && parent.name.text === "kind") ||
    ts.isIndexedAccessTypeNode(parent)
  );
}

function nameOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : "";
}

function subjectsOf({ expression, arguments: [first] }: ts.CallExpression): readonly string[] {
  const of =
    ts.isPropertyAccessExpression(expression) && nameOf(expression).startsWith("kill") ? expression.expression : first;
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  if (of) visit(of);
  return names;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
