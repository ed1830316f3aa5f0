/** The kernel's command line: what makes a VM show its words and end when it panics, unless the caller says otherwise. */

/** The serial port that VMs of all monitors have, and that kernels print to without any module. */
export const CONSOLE = "ttyS0";

const DEFAULTS: readonly (readonly [name: string, value: string])[] = [
  ["console", CONSOLE],
  // Without it a kernel that panicked stands still for ever.
  ["panic", "-1"],
];

/** @param params the caller's, whole or in parts */
export function bootParams(params: string | readonly string[] = []): readonly string[] {
  const given = (typeof params === "string" ? [params] : params).map((param) => param.trim()).filter(Boolean);
  const words = given.join(" ").split(/\s+/);
  const own = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const missing = DEFAULTS.filter(([name]) => !own.some((word) => word.startsWith(`${name}=`)));
  return [...missing.map(([name, value]) => `${name}=${value}`), ...given];
}
