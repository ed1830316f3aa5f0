/** Random entries of a bundle, and values for them, good and bad. */
import type { Random } from "./random.js";

export const INTEGERS = [
  "0",
  "1",
  "2",
  "-1",
  "+1",
  " 1",
  "1 ",
  "",
  "0x1",
  "1e3",
  "1.0",
  "01",
  "2147483647",
  "2147483648",
  "--1",
];
export const LONGS = [
  ...INTEGERS,
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "1L",
];
export const BOOLEANS = ["true", "false", "TRUE", "True", "FALSE", "1", "0", "", "yes", " true", "true ", "tru"];
const DOUBLES = [
  "1.0",
  "0x1p3",
  "NaN",
  "Infinity",
  "-Infinity",
  "1e400",
  "1d",
  "1f",
  " 1 ",
  "",
  "x",
  ".5",
  "5.",
  "+1",
  "1e",
];
export const TEXTS = [
  "a",
  "",
  " a ",
  "a\nb",
  "&lt;&amp;&gt;",
  "&#65;&#x42;",
  "&#1;",
  "&#0;",
  "&#x110000;",
  "&#;",
  "&nbsp;",
  "&",
  "a]]>b",
];
export const MORE_TEXTS = [
  "]]",
  "a<!-- c -->b",
  "<![CDATA[x<y]]>",
  "<a/>",
  "a<?pi x?>b",
  "ü€😀",
  "\t\r\n",
  "&quot;&apos;",
  "\u0001",
  "a\r\nb",
];

/** One entry of a bundle, as it should be or not. */
export const insertedEntry = (random: Random): string => {
  const name = random.pick(["x", "version", "os", "debugLevel", "memoryBytes", "packageName", "zz", ""]);
  return random.pick<() => string>([
    () => `<int name="${name}" value="${random.pick(INTEGERS)}" />`,
    () => `<long name="${name}" value="${random.pick(LONGS)}" />`,
    () => `<boolean name="${name}" value="${random.pick(BOOLEANS)}" />`,
    () => `<double name="${name}" value="${random.pick(DOUBLES)}" />`,
    () => `<string name="${name}">${random.pick([...TEXTS, ...MORE_TEXTS])}</string>`,
    () => `<null name="${name}" />`,
    () => `<null name="${name}">${random.pick(["", "text", "<a/>"])}</null>`,
    () => `<int name="${name}" value="1">${random.pick(["", " ", "text", "<a/>", "<!-- c -->"])}</int>`,
    () =>
      `<boolean name="${name}" value="true">${random.pick(["", "\n", "text", "<int name='a' value='1'/>"])}</boolean>`,
    () => array(random, name, "int-array", INTEGERS),
    () => array(random, name, "long-array", LONGS),
    () => array(random, name, "boolean-array", BOOLEANS),
    () => array(random, name, "double-array", DOUBLES),
    () => array(random, name, "string-array", ["a", "", "a&#10;b", "&lt;"]),
    () => `<pbundle_as_map name="${name}">${random.pick(["", "\n", "text", insertedEntry(random)])}</pbundle_as_map>`,
    () =>
      `<${random.pick(["map", "set", "list", "float", "byte-array", "unknown", "Int", "item"])} name="${name}" value="1" />`,
    () =>
      `<int ${random.pick([`name="${name}"`, `value="1"`, "", `name='${name}' value='1'`, `name="${name}" value="1" more="2"`])}/>`,
    () =>
      random.pick([
        "<!-- c -->",
        "<!-- a--b -->",
        "<!---->",
        "<!--->",
        "<!-- c --->",
        "<?pi x?>",
        "<?xml version='1.0'?>",
        "<![CDATA[]]>",
        "text",
      ]),
  ])();
};

function array(random: Random, name: string, tag: string, values: readonly string[]): string {
  const count = random.below(3);
  const items = random.times(count, () => `<item value="${random.pick(values)}" />`);
  const odd = random.chance(0.2)
    ? random.pick(["text", "<item/>", "<int name='a' value='1'/>", "<item value='1'>x</item>"])
    : "";
  const num = random.chance(0.85) ? String(count) : random.pick(["", "0", "5", "-1", "x", "1"]);
  const attribute = random.chance(0.95) ? ` num="${num}"` : "";
  return `<${tag} name="${name}"${attribute}>\n${items.join("\n")}${odd}\n</${tag}>`;
}
