/** Pages out of README.md, CONTRIBUTING.md, CHANGELOG.md and docs/: nothing is written for the site alone. Dead links fail the build. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";

const root = fileURLToPath(new URL("../..", import.meta.url));
const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));

/** In this order first; the others follow by their titles. */
const FIRST = ["suites", "matchers", "checkpoints", "payloads"];

const pages = readdirSync(join(root, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => {
    const stem = basename(name, ".md");
    const text = /^# (.*)$/m.exec(readFileSync(join(root, "docs", name), "utf8"))?.[1] ?? stem;
    return { stem, text, link: `/docs/${stem}` };
  })
  .sort((a, b) => rank(a.stem) - rank(b.stem) || (a.text < b.text ? -1 : 1));

function rank(stem: string): number {
  const place = FIRST.indexOf(stem);
  return place < 0 ? FIRST.length : place;
}

export default defineConfig({
  title: "jest-avf",
  description: "Tests for virtual machines on Android devices",
  srcDir: "..",
  outDir: "dist",
  cacheDir: ".cache",
  srcExclude: [
    "**/node_modules/**",
    "**/avf-results/**",
    "bench/**",
    "dist/**",
    "dist.types/**",
    "docs/api-report/**",
    "fixtures/**/*.md",
    "src/**",
    "site/**",
  ],
  rewrites: { "README.md": "index.md" },
  // Files that pages point at and that are no pages.
  ignoreDeadLinks: [/\/(src|fixtures|suites|bench)\//, /LICENSE$/],
  themeConfig: {
    search: { provider: "local" },
    sidebar: [
      { text: "Start", items: [{ text: "jest-avf", link: "/" }] },
      { text: "Pages", items: pages.map(({ text, link }) => ({ text, link })) },
      {
        text: "Project",
        items: [
          { text: "Contributing", link: "/CONTRIBUTING" },
          { text: "Changes", link: "/CHANGELOG" },
        ],
      },
    ],
  },
  // The pages lie outside this folder, and look for what they need from where they are.
  vite: {
    resolve: {
      alias: [
        { find: /^vue$/, replacement: join(modules, "vue") },
        { find: /^vue\/server-renderer$/, replacement: join(modules, "vue/server-renderer/index.mjs") },
      ],
    },
  },
});
