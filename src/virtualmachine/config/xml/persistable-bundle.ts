/**
 * Android's PersistableBundle and the exact bytes it is saved as. Mirrors
 * frameworks/base/core/java/android/os/PersistableBundle.java with the writers in com/android/internal/util.
 */

/** Numbers are kept as they are written, so that values we know nothing about survive a rewrite unchanged. */
export type BundleValue =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "long"; readonly value: bigint }
  | { readonly type: "double"; readonly text: string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "null" }
  /** `hasNulls`: a string array said that it has more items than it has; for those there is nothing. */
  | { readonly type: ArrayType; readonly items: readonly string[]; readonly hasNulls?: true }
  | { readonly type: "bundle"; readonly entries: Bundle };

export type Bundle = ReadonlyMap<string, BundleValue>;

export const ARRAY_TYPES = ["string-array", "int-array", "long-array", "double-array", "boolean-array"] as const;
export type ArrayType = (typeof ARRAY_TYPES)[number];

/** UTF-8 XML without declaration or indentation, entries in ArrayMap order, each tag on a line of its own. */
export function writeBundle(bundle: Bundle): string {
  return element("bundle", "", bundle);
}

/** ArrayMap keeps keys by signed hash, those of equal hash in the order they came. */
export function arrayMapOrder(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => javaHashCode(a) - javaHashCode(b));
}

/** `String.hashCode()` of Java: over UTF-16 units, wrapping at 32 bits. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0;
  return hash;
}

function element(tag: string, name: string, entries: Bundle): string {
  if (entries.size === 0) return `<${tag}${name} />\n`;
  const body = arrayMapOrder(entries.keys()).map((key) => entry(key, entries.get(key)!));
  return `<${tag}${name}>\n${body.join("")}</${tag}>\n`;
}

function entry(key: string, value: BundleValue): string {
  const name = ` name="${escapeXml(key)}"`;
  switch (value.type) {
    case "int":
    case "long":
    case "boolean":
      return `<${value.type}${name} value="${String(value.value)}" />\n`;
    case "double":
      return `<double${name} value="${escapeXml(value.text)}" />\n`;
    case "string":
      return `<string${name}>${escapeXml(value.value)}</string>\n`;
    case "null":
      return `<null${name} />\n`;
    case "bundle":
      return element("pbundle_as_map", name, value.entries);
    default: {
      const open = `<${value.type}${name} num="${value.items.length}"`;
      if (value.items.length === 0) return `${open} />\n`;
      const items = value.items.map((item) => `<item value="${escapeXml(item)}" />\n`);
      return `${open}>\n${items.join("")}</${value.type}>\n`;
    }
  }
}

/** As FastXmlSerializer does it, in text and attributes alike: the apostrophe is left alone. */
function escapeXml(text: string): string {
  return text.replace(/[&<>"\u0000-\u001f]/g, (char) => NAMED[char] ?? `&#${char.charCodeAt(0)};`);
}

const NAMED: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
