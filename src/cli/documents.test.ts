import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import ts from "typescript";
import { packageRoot } from "../base/paths.js";

const pages = ["README.md", "CONTRIBUTING.md", ...readdirSync(join(packageRoot, "docs")).map((name) => `docs/${name}`)];

interface Block {
  readonly where: string;
  readonly code: string;
}

function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(join(packageRoot, page), "utf8");
  return [...text.matchAll(/^```(?:js|ts|javascript|typescript)\n([^]*?)^```/gm)].map(({ index, 1: code = "" }) => ({
    where: `${page}:${text.slice(0, index).split("\n").length}`,
    code,
  }));
}

/** What is wrong with it: the formatter takes `{ key: value }` in a place of its own for a block with a label. */
function faultsOf({ where, code }: Block): readonly string[] {
  const { diagnostics = [] } = ts.transpileModule(code, { reportDiagnostics: true });
  const faults = diagnostics.map(({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
  const look = (node: ts.Node): void => {
    if (ts.isLabeledStatement(node)) faults.push(`${where}: "${node.label.text}:" is a label here, not a key`);
    ts.forEachChild(node, look);
  };
  look(ts.createSourceFile("block.ts", code, ts.ScriptTarget.Latest));
  return faults;
}

test("what the documents show as JavaScript or TypeScript is that", () => {
  const blocks = pages.filter((page) => page.endsWith(".md")).flatMap(blocksOf);
  expect(blocks.length).toBeGreaterThan(25);
  expect(blocks.flatMap(faultsOf)).toEqual([]);
});

test("a key that was made a label is found", () => {
  expect(faultsOf({ where: "x:1", code: "options: {\n  vmTemplates: true;\n}\n" })).toEqual([
    'x:1: "options:" is a label here, not a key',
    'x:1: "vmTemplates:" is a label here, not a key',
  ]);
});
