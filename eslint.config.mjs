// Lint, and the import rules of the folders: data flows one way, from cli down to base.
import tseslint from "typescript-eslint";

/** What each folder of src/ may import besides itself. A new edge belongs here first, with a reason in the commit. */
const DEPS = {
  base: [],
  apk: [],
  process: ["base"],
  artifacts: ["base"],
  device: ["process", "base"],
  guest: ["process", "base"],
  avfd: ["apk", "process", "base"],
  emulator: ["avfd", "guest", "device", "process", "base"],
  virtualizationservice: ["device", "base"],
  virtualmachine: ["virtualizationservice", "base"],
  provisioning: ["device", "apk", "base"],
  fixtures: ["virtualmachine", "virtualizationservice", "provisioning", "device", "artifacts", "base"],
  reporter: ["artifacts", "base"],
  jest: [
    "fixtures",
    "virtualmachine",
    "virtualizationservice",
    "provisioning",
    "emulator",
    "device",
    "artifacts",
    "apk",
    "process",
    "base",
  ],
};
const folders = [...Object.keys(DEPS), "cli"];

const importRules = Object.entries(DEPS).map(([folder, allowed]) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: folders
          .filter((other) => other !== folder && !allowed.includes(other))
          .map((other) => ({
            group: [`../${other}/**`, `../../${other}/**`, `../../../${other}/**`],
            message: `src/${folder} may import only ${allowed.join(", ") || "nothing"}: see DEPS in eslint.config.mjs.`,
          })),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", "avf-results/", "coverage/"] },
  {
    files: ["**/*.ts"],
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
    },
  },
  {
    files: ["**/*.test.ts"],
    rules: { "@typescript-eslint/unbound-method": "off" },
  },
  ...importRules,
  {
    files: ["suites/**/*.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [{ group: ["**/src/**"], message: 'Suites import only "jest-avf", as a user\'s own suite does.' }],
        },
      ],
    },
  },
);
