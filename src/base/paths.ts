/** Folders on the host that outlive a process. */
import { resolve } from "node:path";

export { cacheFolder } from "./cache/cache.js";

/** The package's own folder: `src/`, `dist/` and `fixtures/` lie in it. */
export const packageRoot = resolve(__dirname, "../..");
