/** Output of `getprop`, which prints `[name]: [value]` a property (AOSP toolbox/getprop.cpp). */
export function parseProperties(text: string): ReadonlyMap<string, string> {
  const properties = new Map<string, string>();
  // A value may hold line breaks, so that a property ends at the `]` that ends a line before the next `[name]: [`.
  for (const [, name = "", value = ""] of text.matchAll(
    /^\[([^\]\n]+)\]: \[([^]*?)\]\r?$(?=\r?\n\[[^\]\n]+\]: \[|\s*(?![^]))/gm,
  )) {
    properties.set(name, value);
  }
  return properties;
}
