/** `npm run docs`: writes the page. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { PAGE_PATH, renderPage } from "./page.js";

const path = join(packageRoot, PAGE_PATH);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(`${path}.tmp`, renderPage());
renameSync(`${path}.tmp`, path);
process.stdout.write(`${PAGE_PATH} written\n`);
