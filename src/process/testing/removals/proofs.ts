/** What proofs in the table refer to, as it is in the sources. */
import { readFileSync } from "node:fs";
import ts from "typescript";

const CHANCE = /\b(mkdtemp|mkdtempSync|randomBytes|draftOf)\(/;

/** Titles of tests and of their groups; a row of a table stands for all of its cases. */
export function titlesIn(path: string): readonly string[] {
  const titles: string[] = [];
  visitAll(path, (node) => {
    if (!ts.isCallExpression(node)) return;
    const [title, body] = node.arguments;
    if (!title || !body || !(ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))) return;
    // Whatever `test` is called there, such as one that is skipped on some hosts.
    if (ts.isArrowFunction(body)) titles.push(title.getText().slice(1, -1));
  });
  return titles;
}

/** Variables whose value is a name of chance, of this process alone. */
export function madeByChance(path: string): readonly string[] {
  const names: string[] = [];
  visitAll(path, (node) => {
    if (!ts.isVariableDeclaration(node) || !node.initializer || !ts.isIdentifier(node.name)) return;
    if (CHANCE.test(node.initializer.getText())) names.push(node.name.text);
  });
  return names;
}

function visitAll(path: string, look: (node: ts.Node) => void): void {
  const visit = (node: ts.Node): void => {
    look(node);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true));
}
