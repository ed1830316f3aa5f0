/** Codes in the sources, in the type `ErrorCode` and in docs/errors.md are the same. */
import { expect, jest, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { packageRoot } from "./paths.js";
import { madeErrorCodes, openSources } from "./testing/made-error-codes.js";

// Types of the whole library are looked at.
jest.setTimeout(300_000);

const CLASSES: Readonly<Record<string, string>> = {
  usage: "test",
  expectation: "test",
  vm: "product",
  infrastructure: "infrastructure",
};

/** Thrown again with another kind where a caller's own limit ended the wait. */
const RETHROWN = ["TIMEOUT"];

const program = openSources();
const made = madeErrorCodes(program);
const page = readFileSync(join(packageRoot, "docs/errors.md"), "utf8");
const rows = [...page.matchAll(/^\| `([A-Z0-9_]+)` *\|(.*?)\|(.*?)\|(.*?)\|$/gm)].map(([, code = "", ...cells]) => {
  const [classes = "", meaning = "", remedy = ""] = cells.map((cell) => cell.trim());
  return { code, classes: classes.split(", "), meaning, remedy };
});
const codes = [...made.kinds.keys()].sort();

/** A suite that is typed at this moment, with the cursor at `^`. */
function completions(suite: string): readonly string[] {
  const path = join(packageRoot, "suites/typed.test.ts");
  const cursor = suite.indexOf("^");
  const text = suite.replace("^", "");
  const host: ts.LanguageServiceHost = {
    getCompilationSettings: () => program.getCompilerOptions(),
    getScriptFileNames: () => [path],
    getScriptVersion: () => "1",
    getScriptSnapshot: (name) => {
      const content = name === path ? text : ts.sys.readFile(name);
      return content === undefined ? undefined : ts.ScriptSnapshot.fromString(content);
    },
    getCurrentDirectory: () => packageRoot,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (name) => name === path || ts.sys.fileExists(name),
    readFile: (name) => ts.sys.readFile(name),
  };
  const found = ts.createLanguageService(host).getCompletionsAtPosition(path, cursor, {});
  return (found?.entries ?? []).map(({ name }) => name);
}

test("each code can be followed to where it is written", () => {
  expect(made.unknown).toEqual([]);
  // One of each way: an argument, a conditional, an option, a helper, a table's value, an APK's refusal, the command's.
  const known = ["VM_EXISTS", "PAYLOAD_CRASHED", "CONSOLE_TIMEOUT", "CONFIG_UNREADABLE", "CACHE_UNUSABLE"];
  expect(codes).toEqual(expect.arrayContaining([...known, "SIGNER_MISMATCH", "NO_SUCH_VM", "KERNEL_MODULE_MISSING"]));
});

test("the type has each code that is made, and no other", () => {
  const parts = readdirSync(join(packageRoot, "src/base/codes")).map((name) => `codes/${name}`);
  const typed = ["error-codes.ts", ...parts].flatMap((name) => [
    ...readFileSync(join(packageRoot, "src/base", name), "utf8").matchAll(/"([A-Z0-9_]+)"/g),
  ]);
  expect(typed.map(([, code]) => code).sort()).toEqual(codes);
});

test("docs/errors.md has each once, with who has to act, a meaning and what to do", () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(codes);
  for (const { code, classes, meaning, remedy } of rows) {
    const kinds = [...(made.kinds.get(code) ?? [])];
    const told = new Set(kinds.filter((kind) => kind !== "computed").map((kind) => CLASSES[kind]));
    const others = new Set(kinds.includes("computed") || RETHROWN.includes(code) ? classes : []);
    expect({ code, classes: new Set(classes) }).toEqual({ code, classes: new Set([...told, ...others]) });
    expect(Object.values(CLASSES)).toEqual(expect.arrayContaining(classes));
    expect({ code, words: meaning !== "" && remedy !== "" }).toEqual({ code, words: true });
  }
});

test("editors complete the codes in a suite", () => {
  const head = 'import { expect, test, type ErrorCode, type HarnessError } from "jest-avf";\n';
  const places = [
    'await expect(x).toRejectWithCode("^");',
    'await expect(x).toRejectWithKind("vm", "^");',
    'const code: ErrorCode = "^";',
    '(error: HarnessError) => error.code === "^";',
  ];
  for (const place of places) {
    expect({ place, names: completions(`${head}const x = Promise.resolve();\n${place}`) }).toEqual({
      place,
      names: expect.arrayContaining(codes),
    });
  }
});
