/** Where the value of an expression comes from, one step back: a text, other expressions, or what others give it. */
import ts from "typescript";

export type Source =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "expression"; readonly expression: ts.Expression }
  /** A parameter, or a property of an object: its values are those of all calls, of all such objects. */
  | { readonly kind: "declaration"; readonly declaration: ts.Declaration }
  | { readonly kind: "unknown"; readonly node: ts.Node };

export function sourcesOf(expression: ts.Expression, checker: ts.TypeChecker): readonly Source[] {
  const node = withoutWrapping(expression);
  if (ts.isStringLiteralLike(node)) return [{ kind: "text", text: node.text }];
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].map(asSource);
  if (ts.isAwaitExpression(node)) return [asSource(node.expression)];
  if (ts.isBinaryExpression(node)) return operands(node).map(asSource);
  if (ts.isIdentifier(node)) return ofSymbol(valueSymbol(node, checker), node, checker);
  if (ts.isPropertyAccessExpression(node)) return ofSymbol(checker.getSymbolAtLocation(node.name), node, checker);
  if (ts.isElementAccessExpression(node)) return ofTable(node.expression, node, checker);
  if (ts.isCallExpression(node)) return ofResult(node, checker);
  return [{ kind: "unknown", node }];
}

/** Without parentheses, `as`, `satisfies` and `!`. */
export function withoutWrapping(node: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isNonNullExpression(node)
    ? withoutWrapping(node.expression)
    : node;
}

const asSource = (expression: ts.Expression): Source => ({ kind: "expression", expression });

function operands({ left, operatorToken, right }: ts.BinaryExpression): readonly ts.Expression[] {
  return operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken ? [right] : [left, right];
}

function valueSymbol(node: ts.Identifier, checker: ts.TypeChecker): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(node);
  if (symbol && node.parent && ts.isShorthandPropertyAssignment(node.parent)) {
    return checker.getShorthandAssignmentValueSymbol(node.parent);
  }
  return symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function ofSymbol(symbol: ts.Symbol | undefined, node: ts.Node, checker: ts.TypeChecker): readonly Source[] {
  const declarations = symbol?.declarations ?? [];
  if (declarations.length === 0) return [{ kind: "unknown", node }];
  return declarations.flatMap((declaration): readonly Source[] => {
    if (ts.isBindingElement(declaration)) return ofBinding(declaration, checker);
    if (ts.isVariableDeclaration(declaration)) {
      return declaration.initializer ? [asSource(declaration.initializer)] : [{ kind: "unknown", node }];
    }
    if (ts.isPropertyAssignment(declaration)) return [asSource(declaration.initializer)];
    return [{ kind: "declaration", declaration }];
  });
}

/** `const { code } = …`, `const [code] = …`, and the same in a parameter. */
function ofBinding(element: ts.BindingElement, checker: ts.TypeChecker): readonly Source[] {
  const pattern = element.parent;
  if (ts.isArrayBindingPattern(pattern)) {
    const position = pattern.elements.indexOf(element);
    const initializer = ts.isVariableDeclaration(pattern.parent) ? pattern.parent.initializer : undefined;
    return initializer ? itemsAt(initializer, position) : [{ kind: "unknown", node: element }];
  }
  const name = (element.propertyName ?? element.name).getText();
  return ofSymbol(checker.getTypeAtLocation(pattern).getProperty(name), element, checker);
}

/** The items at a position of the tuples that an expression may be. */
function itemsAt(expression: ts.Expression, position: number): readonly Source[] {
  const node = withoutWrapping(expression);
  if (ts.isConditionalExpression(node)) {
    return [...itemsAt(node.whenTrue, position), ...itemsAt(node.whenFalse, position)];
  }
  const item = ts.isArrayLiteralExpression(node) ? node.elements[position] : undefined;
  return [item ? asSource(item) : { kind: "unknown", node }];
}

/** All values of an object that is used as a table. */
function ofTable(table: ts.Expression, node: ts.Node, checker: ts.TypeChecker): readonly Source[] {
  const symbol = ts.isIdentifier(table) ? valueSymbol(table, checker) : undefined;
  const declaration = symbol?.valueDeclaration;
  const initializer = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  const object = initializer && withoutWrapping(initializer);
  if (!object || !ts.isObjectLiteralExpression(object)) return [{ kind: "unknown", node }];
  return object.properties.map((property) =>
    ts.isPropertyAssignment(property) ? asSource(property.initializer) : { kind: "unknown", node: property },
  );
}

/** What the function returns. */
function ofResult(call: ts.CallExpression, checker: ts.TypeChecker): readonly Source[] {
  const declaration = checker.getResolvedSignature(call)?.declaration;
  const body = declaration && "body" in declaration ? declaration.body : undefined;
  if (!body) return [{ kind: "unknown", node: call }];
  if (!ts.isBlock(body)) return [asSource(body)];
  const results: Source[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return;
    if (ts.isReturnStatement(node) && node.expression) results.push(asSource(node.expression));
    ts.forEachChild(node, visit);
  };
  visit(body);
  return results;
}
