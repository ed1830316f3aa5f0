/** `npm run docs`: writes the page. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { PAGE_PATH, renderPage } from "./commands-page.js";

const path = join(packageRoot, PAGE_PATH);
writeFileSync(`${path}.tmp`, renderPage());
renameSync(`${path}.tmp`, path);
process.stdout.write(`${PAGE_PATH} written\n`);
