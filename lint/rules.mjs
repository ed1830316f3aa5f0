// Rules of this repository, beside DEPS in eslint.config.mjs. Tested by rules.test.mjs.
import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** Calls back for each module that a file imports, in any form. */
function onModules(report) {
  const check = (node) => {
    if (node?.type === "Literal" && typeof node.value === "string") report(node, node.value);
  };
  return {
    ImportDeclaration: ({ source }) => check(source),
    ExportNamedDeclaration: ({ source }) => check(source),
    ExportAllDeclaration: ({ source }) => check(source),
    ImportExpression: ({ source }) => check(source),
    TSImportType: ({ source }) => check(source),
    TSExternalModuleReference: ({ expression }) => check(expression),
    "CallExpression[callee.name='require']": ({ arguments: [source] }) => check(source),
  };
}

/** Suites see what a user's own suites see, and what the tests of this repository are written with. */
const suiteImports = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const suites = join(root, "suites") + sep;
    return onModules((node, name) => {
      if (/^(jest-avf(\/.+)?|node:.+|@jest\/globals|fast-check)$/.test(name)) return;
      if (name.startsWith(".") && resolve(dirname(context.filename), name).startsWith(suites)) return;
      context.report({
        node,
        message: `Suites import only "jest-avf", as a user's own do, and other files of suites/.`,
      });
    });
  },
};

/** A page that a comment cites has to exist. */
const citedPages = {
  meta: { type: "problem", schema: [] },
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          for (const [page] of comment.value.matchAll(/[\w./-]+\.md\b/g)) {
            const places = [root, dirname(context.filename), join(root, "docs")];
            if (places.some((place) => existsSync(join(place, page)))) continue;
            context.report({
              loc: comment.loc,
              message: `${page} is not in this repository: name its source instead.`,
            });
          }
        }
      },
    };
  },
};

/** Its folders, and programs of util-linux and Debian, at the start of a text: in scripts for devices they come later. */
const OF_LINUX = [
  /^\/(proc|sys|dev|etc)(\/\S*)?$/,
  /^(setpriv|flock|prctl|unshare|nsenter|ss|ip|apt-get|dpkg|dpkg-deb)$/,
];

/** Hosts with only a phone can be macOS and Windows as well: only a few files use what Linux alone has. */
const linuxOnly = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const check = (node, text) => {
      if (typeof text !== "string" || !OF_LINUX.some((pattern) => pattern.test(text))) return;
      const message = `${JSON.stringify(text)} exists only on Linux, and hosts with only a phone may lack it. It belongs to src/emulator, or to a file of LINUX_DOORS in eslint.config.mjs that does without it elsewhere.`;
      context.report({ node, message });
    };
    return {
      Literal: (node) => check(node, node.value),
      TemplateElement: (node) => check(node, node.value.cooked),
    };
  },
};

export default { rules: { "suite-imports": suiteImports, "cited-pages": citedPages, "linux-only": linuxOnly } };
