/** Paths that are read on other hosts, or in a browser, have slashes wherever they were written. */
import { sep } from "node:path";

/** `suites\a.test.ts` of a Windows host becomes `suites/a.test.ts`; elsewhere a backslash is a character of a name. */
export function withSlashes(path: string, separator: string = sep): string {
  return separator === "\\" ? path.replaceAll("\\", "/") : path;
}
