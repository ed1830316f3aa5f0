// Lint, and the import rules of the folders: imports go one way, from cli down to base.
import tseslint from "typescript-eslint";
import house from "./lint/rules.mjs";

/** What each folder of src/ may import besides itself. A new edge belongs here first, with a reason in the commit. */
const DEPS = {
  base: [],
  xml: [],
  ktap: ["base"],
  qmp: ["base"],
  images: ["base"],
  // Manifests in text are XML, as AndroidTest.xml and the config.xml of VMs are: one reader for all. Its door is that of all
  // files that suites make.
  apk: ["xml", "images"],
  process: ["base"],
  // Notes of holds name the process that holds, as all records that outlive one do.
  artifacts: ["process", "base"],
  device: ["process", "base"],
  // Only its tests use apk: they compare what the C code answers.
  guest: ["apk", "process", "base"],
  avfd: ["qmp", "apk", "process", "base"],
  emulator: ["avfd", "guest", "device", "qmp", "process", "base"],
  virtualizationservice: ["device", "base"],
  virtualmachine: ["virtualizationservice", "xml", "base"],
  provisioning: ["device", "apk", "xml", "base"],
  // Where devices come from, whether they are suitable, and what a test file uses there.
  // Of process only the texts about how long a lock has been held.
  lab: [
    "provisioning",
    "virtualmachine",
    "virtualizationservice",
    "emulator",
    "device",
    "images",
    "artifacts",
    "process",
    "base",
  ],
  "fixture-engine": ["lab", "virtualmachine", "device", "base"],
  // Locks its file, as all do that several processes write.
  history: ["process", "base"],
  sharding: ["history", "base"],
  // What happens around a test, whoever runs it.
  session: [
    "fixture-engine",
    "lab",
    "virtualmachine",
    "provisioning",
    "emulator",
    "device",
    "artifacts",
    "process",
    "base",
  ],
  // Marks what is new or known, and adds the run to the history.
  reporter: ["artifacts", "history", "base"],
  // What VMs print on their consoles, for a matcher.
  jest: [
    "ktap",
    "session",
    "fixture-engine",
    "lab",
    "reporter",
    // The sequencer.
    "sharding",
    "history",
    "virtualmachine",
    "artifacts",
    "process",
    "base",
  ],
};
const folders = [...Object.keys(DEPS), "cli"];

/** Entry points above all folders: they re-export nearly everything, so a folder that may use one may use all. */
const DOORS = ["index", "library", "node", "public-types"];
const MAY_USE_DOORS = ["jest", "cli"];

/** Any form of a path ends in the other folder's name and a file of it. */
function bans(folder, allowed) {
  const others = folders.filter((other) => other !== folder && !allowed.includes(other));
  const message = `src/${folder} may import only ${allowed.join(", ") || "nothing"}: see DEPS in eslint.config.mjs.`;
  const doors = MAY_USE_DOORS.includes(folder) ? [] : DOORS.flatMap((door) => [`../${door}.js`, `../../${door}.js`]);
  return { group: [...others.map((other) => `**/${other}/**`), ...doors, "jest-avf", "jest-avf/*"], message };
}

/** What `import()` loads on demand, where it is not always needed and takes time: the same paths are banned. */
function onDemand({ group, message }) {
  const paths = group.map((glob) =>
    glob
      .replaceAll("**/", "")
      .replace(/\/\*+$/, "/.*")
      .replaceAll("/", "\\u002f"),
  );
  const banned = new RegExp(`(^|\\u002f)(${paths.join("|")})$`);
  return [
    { selector: `ImportExpression[source.value=${String(banned)}]`, message },
    { selector: 'ImportExpression[source.type!="Literal"]', message: "Name the module: the import rules look at it." },
  ];
}

/** Node follows links then: out of the folder, and for ever where they form loops. */
const followsLinks = {
  selector: "CallExpression[callee.name=/^readdir/] Property[key.name='recursive']",
  message: "It follows links: use filesBelow of src/base/files.",
};

const importRules = Object.entries(DEPS).flatMap(([folder, allowed]) => {
  const ban = bans(folder, allowed);
  const files = [`src/${folder}/**/*.ts`];
  return [
    {
      files,
      rules: {
        "no-restricted-imports": ["error", { patterns: [ban] }],
        "no-restricted-syntax": ["error", ...onDemand(ban)],
      },
    },
    {
      files,
      ignores: ["**/*.test.ts", "**/testing/**"],
      rules: { "no-restricted-syntax": ["error", ...onDemand(ban), followsLinks] },
    },
  ];
});

/** What runs on Linux only, and the files that use Linux features if available and work without them elsewhere. */
const LINUX_DOORS = [
  ...["src/emulator/**", "src/avfd/**", "src/guest/**", "**/*.test.ts", "**/testing/**"],
  ...["identity", "die-with-us", "mounts", "locks/kernel-lock", "locks/lock-reach"].map(
    (name) => `src/process/${name}.ts`,
  ),
  ...["build-tools", "adb-program", "find-program"].map((name) => `src/process/programs/${name}.ts`),
  ...["base/cache/ownership", "device/adb/keys/server-keys", "device/adb/server/server-user"].map(
    (name) => `src/${name}.ts`,
  ),
  ...["follower/host-children", "hold/terminal"].map((name) => `src/session/${name}.ts`),
];

export default tseslint.config(
  { ignores: ["dist/", "dist.*/", "node_modules/", "avf-results/", "coverage/", "site/"] },
  {
    files: ["**/*.ts"],
    plugins: { house },
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/require-await": "off",
      "no-console": "error",
      "house/cited-pages": "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/base/async/**", "**/*.test.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        {
          object: "AbortSignal",
          property: "any",
          message: "eitherSignal() or anySignal() of src/base/async: Node warns of an eleventh listener to this one.",
        },
      ],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: LINUX_DOORS,
    rules: { "house/linux-only": "error" },
  },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  ...importRules,
  {
    files: ["suites/**/*.ts"],
    rules: { "house/suite-imports": "error" },
  },
);
