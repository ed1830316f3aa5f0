/**
 * The codes that errors of the library are made with, found in its sources by TypeScript's own checker: from the parameter
 * `code` of the error classes back through helpers, options, tables and conditionals to the string literals.
 */
import { join, relative } from "node:path";
import ts from "typescript";
import { packageRoot } from "../paths.js";
import { sourcesOf, withoutWrapping } from "./value-sources.js";

interface MadeErrorCodes {
  /** Each code, and the kinds that it is made with; `computed` where only a running program can say. */
  readonly kinds: ReadonlyMap<string, ReadonlySet<string>>;
  /** Expressions that could not be followed: what codes come out of them nobody knows. */
  readonly unknown: readonly string[];
}

/** Where codes go in: class, the file that declares it, the kind of its errors. */
const ROOTS = [
  ["HarnessError", "base/errors.ts", undefined],
  ["ApkError", "apk/apk-error.ts", "usage"],
] as const;

type Call = ts.CallExpression | ts.NewExpression;
/** What a code flows into, and the kind of the errors that it comes out with. */
interface Sink {
  readonly declaration: ts.Declaration;
  readonly kind: string | undefined;
}
interface Uses {
  readonly calls: ReadonlyMap<string, readonly Call[]>;
  readonly properties: ReadonlyMap<string, readonly ts.ObjectLiteralElementLike[]>;
}

export function madeErrorCodes(program: ts.Program): MadeErrorCodes {
  const checker = program.getTypeChecker();
  const files = program.getSourceFiles().filter(({ fileName }) => isProduct(fileName));
  const uses = collectUses(files);
  const kinds = new Map<string, Set<string>>();
  const unknown = new Set<string>();
  const seen = new Map<ts.Node, Set<string | undefined>>();
  const roots = ROOTS.map(([name, file, kind]) => ({ declaration: codeParameter(files, name, file), kind }));
  const open: Sink[] = [...roots];

  /** False when somebody came here before with that kind. */
  const isNew = (node: ts.Node, kind: string | undefined): boolean => {
    const before = seen.get(node) ?? new Set();
    seen.set(node, before);
    return !before.has(kind) && before.add(kind).size > 0;
  };
  const follow = (expression: ts.Expression, kind: string | undefined): void => {
    if (!isNew(expression, kind)) return;
    for (const source of sourcesOf(expression, checker)) {
      if (source.kind === "text") addTo(kinds, source.text, kind ?? "computed");
      else if (source.kind === "expression") follow(source.expression, kind);
      else if (source.kind === "unknown") unknown.add(placeOf(source.node));
      // A code that another error has already was made for that one.
      else if (roots.every(({ declaration }) => declaration !== source.declaration)) {
        open.push({ declaration: source.declaration, kind });
      }
    }
  };
  for (let sink = open.pop(); sink !== undefined; sink = open.pop()) {
    const { declaration, kind } = sink;
    if (!isNew(declaration, kind)) continue;
    const values = valuesOf(declaration, uses, checker);
    if (values.length === 0) unknown.add(placeOf(declaration));
    for (const value of values) follow(value.expression, kind ?? value.kind);
  }
  return { kinds, unknown: [...unknown].sort() };
}

interface Value {
  readonly expression: ts.Expression;
  /** Of the error, where it is said beside the code. */
  readonly kind: string | undefined;
}

/** What reaches a parameter or a property. */
function valuesOf(declaration: ts.Declaration, { calls, properties }: Uses, checker: ts.TypeChecker): readonly Value[] {
  if (ts.isParameter(declaration)) {
    const { parent: callee, initializer } = declaration;
    const atCalls = (calls.get(ownName(callee)) ?? []).flatMap((call): readonly Value[] => {
      if (checker.getResolvedSignature(call)?.declaration !== callee) return [];
      const expression = call.arguments?.[callee.parameters.indexOf(declaration)];
      return expression ? [{ expression, kind: kindAtCall(call, callee) }] : [];
    });
    return initializer ? [...atCalls, { expression: initializer, kind: undefined }] : atCalls;
  }
  if (ts.isPropertyDeclaration(declaration) && declaration.initializer) {
    return [{ expression: declaration.initializer, kind: undefined }];
  }
  const name = ts.getNameOfDeclaration(declaration)?.getText() ?? "";
  return (properties.get(name) ?? []).flatMap((property): readonly Value[] => {
    if (!ts.isObjectLiteralExpression(property.parent)) return [];
    if (!declares(declaration, name, property.parent, checker)) return [];
    if (ts.isShorthandPropertyAssignment(property)) return [{ expression: property.name, kind: kindBeside(property) }];
    if (ts.isPropertyAssignment(property)) return [{ expression: property.initializer, kind: kindBeside(property) }];
    return [];
  });
}

/** The argument for a parameter `kind`, or its default. */
function kindAtCall(call: Call, callee: ts.SignatureDeclaration): string | undefined {
  const position = callee.parameters.findIndex(({ name }) => name.getText() === "kind");
  const value = call.arguments?.[position] ?? callee.parameters[position]?.initializer;
  return value && ts.isStringLiteralLike(value) ? value.text : undefined;
}

/** The property `kind` of the object that has the property `code`. */
function kindBeside({ parent }: ts.ObjectLiteralElementLike): string | undefined {
  if (!ts.isObjectLiteralExpression(parent)) return undefined;
  const kind = parent.properties.find((property) => property.name?.getText() === "kind");
  const value = kind && ts.isPropertyAssignment(kind) ? kind.initializer : undefined;
  return value && ts.isStringLiteralLike(value) ? value.text : undefined;
}

/** All calls by the name of what they call, and all properties of objects by their name. */
function collectUses(files: readonly ts.SourceFile[]): Uses {
  const calls = new Map<string, Call[]>();
  const properties = new Map<string, ts.ObjectLiteralElementLike[]>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) append(calls, calledName(node), node);
    if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) {
      append(properties, node.name.getText(), node);
    }
    ts.forEachChild(node, visit);
  };
  files.forEach(visit);
  return { calls, properties };
}

/** `f` of `f()`, `x.f()` and `new x.f()`; the base class of `super()`. */
function calledName(call: Call): string {
  const callee = withoutWrapping(call.expression);
  if (callee.kind === ts.SyntaxKind.SuperKeyword) {
    const type = ts.findAncestor(call, ts.isClassLike)?.heritageClauses?.[0]?.types[0];
    return type?.expression.getText() ?? "";
  }
  return ts.isPropertyAccessExpression(callee) ? callee.name.text : callee.getText();
}

/** The name that a function is called by. */
function ownName(callee: ts.SignatureDeclaration): string {
  const named = ts.isConstructorDeclaration(callee) || callee.name === undefined ? callee.parent : callee;
  const name = "name" in named ? (named.name as ts.Node | undefined) : undefined;
  return name?.getText() ?? "";
}

/** Whether the property of an object is the one of the type; an object that nobody gave a type is compared with it. */
function declares(
  declaration: ts.Declaration,
  name: string,
  object: ts.ObjectLiteralExpression,
  checker: ts.TypeChecker,
): boolean {
  const type = checker.getContextualType(object);
  const parts = type?.isUnion() ? type.types : type ? [type] : [];
  const declarations = parts.flatMap((part) => part.getProperty(name)?.declarations ?? []);
  if (declarations.length > 0) return declarations.includes(declaration);
  return checker.isTypeAssignableTo(checker.getTypeAtLocation(object), checker.getTypeAtLocation(declaration.parent));
}

function codeParameter(files: readonly ts.SourceFile[], className: string, path: string): ts.ParameterDeclaration {
  const file = files.find(({ fileName }) => fileName === join(packageRoot, "src", path));
  const found = file?.statements.find(
    (statement): statement is ts.ClassDeclaration =>
      ts.isClassDeclaration(statement) && statement.name?.text === className,
  );
  const parameter = found?.members
    .find(ts.isConstructorDeclaration)
    ?.parameters.find(({ name }) => name.getText() === "code");
  if (parameter === undefined) throw new Error(`src/${path} has no class ${className} made with a code`);
  return parameter;
}

/** All of the library that is shipped. */
export function openSources(): ts.Program {
  const path = join(packageRoot, "tsconfig.json");
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const config = ts.getParsedCommandLineOfConfigFile(path, { incremental: false, noEmit: true }, host);
  if (config === undefined) throw new Error(`${path} cannot be read`);
  const { tsBuildInfoFile: _unused, ...options } = config.options;
  return ts.createProgram(config.fileNames.filter(isProduct), options);
}

/** What is shipped, for tests make errors too. */
function isProduct(path: string): boolean {
  const inside = relative(join(packageRoot, "src"), path);
  return !inside.startsWith("..") && !/\.d\.ts$|\.test\.ts$|(?:^|\/)testing\//.test(inside);
}

function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${relative(packageRoot, file.fileName)}:${line + 1} ${node.getText().slice(0, 100)}`;
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const values = map.get(key) ?? [];
  values.push(value);
  map.set(key, values);
}

function addTo(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}
