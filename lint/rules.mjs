// Rules of this repository, beside DEPS in eslint.config.mjs. Tested by rules.test.mjs.
import { existsSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** Calls back for each module that a file names, however it does. */
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

/** Whoever reads a comment can look at the page that it cites. */
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

/** Its folders, and programs of util-linux and Debian, where a text begins so: in scripts for devices they stand further on. */
const OF_LINUX = [
  /^\/(proc|sys|dev|etc)(\/\S*)?$/,
  /^(setpriv|flock|prctl|unshare|nsenter|ss|ip|apt-get|dpkg|dpkg-deb)$/,
];

/** Hosts with a phone only are macOS and Windows as well: what Linux alone has is asked for in a few files. */
const linuxOnly = {
  meta: { type: "problem", schema: [] },
  create(context) {
    const check = (node, text) => {
      if (typeof text !== "string" || !OF_LINUX.some((pattern) => pattern.test(text))) return;
      const message = `${JSON.stringify(text)} is of Linux, and hosts with a phone only may have none. It belongs to src/emulator, or to a file of LINUX_DOORS in eslint.config.mjs that does without it elsewhere.`;
      context.report({ node, message });
    };
    return {
      Literal: (node) => check(node, node.value),
      TemplateElement: (node) => check(node, node.value.cooked),
    };
  },
};

export default { rules: { "suite-imports": suiteImports, "cited-pages": citedPages, "linux-only": linuxOnly } };
