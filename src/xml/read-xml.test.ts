import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readXml, type XmlElement } from "./read-xml.js";

type Tree = readonly [name: string, attributes: Readonly<Record<string, string>>, children: readonly (Tree | string)[]];

interface Case {
  readonly section: string;
  readonly name: string;
  readonly base64: string;
  readonly result: Tree | null;
}

const LIMITS = { maxBytes: 1000 };
const golden = readFileSync(join(__dirname, "../../fixtures/golden/xml-by-expat.json"), "utf8");
const { cases } = JSON.parse(golden) as { readonly cases: readonly Case[] };

/** As the golden file has it. */
function treeOf({ name, attributes, children }: XmlElement): Tree {
  const values = Object.fromEntries(attributes.map((one) => [one.name, one.value]));
  return [name, values, children.map((child) => (typeof child === "string" ? child : treeOf(child)))];
}

/** `null` for what is refused, as in the golden file. */
function outcomeOf(document: Buffer): Tree | null {
  try {
    return treeOf(readXml(document, LIMITS));
  } catch (error) {
    if (error instanceof Error && error.name === "XmlError") return null;
    throw error;
  }
}

test.each(cases)("section $section, $name: as expat reads it", ({ base64, result }) => {
  const document = Buffer.from(base64, "base64");
  expect(outcomeOf(document)).toEqual(result);
});

test.each([
  ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /^line 1, column \d+: it has a document type/],
  ["<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", /document type/],
  ["<a>\n  <b v='1' v='2'/></a>", /^line 2, column \d+: duplicate attribute: v$/],
  ["<a>".repeat(101), /nested deeper than 100/],
  [`<a>${" ".repeat(1000)}</a>`, /^it is 1007 bytes, more than 1000$/],
  [Buffer.from("<?xml version='1.0' encoding='Shift_JIS'?><a/>"), /its encoding is SHIFT_JIS; UTF-8, UTF-16, /],
  [Buffer.from([0x3c, 0xff]), /it is not UTF-8/],
])("%.50s is refused, with its place", (document, message) => {
  expect(() => readXml(document, LIMITS)).toThrow(message);
});

describe("namespaces", () => {
  const read = (text: string) => readXml(text, { ...LIMITS, namespaces: true });

  test("prefixes are looked up where they are declared", () => {
    const { attributes } = read('<a xmlns:n="urn:1" n:v="1" w="2"/>');
    expect(attributes.filter(({ name }) => !name.startsWith("xmlns"))).toEqual([
      { name: "n:v", value: "1", uri: "urn:1", local: "v" },
      { name: "w", value: "2", uri: "", local: "w" },
    ]);
  });

  test.each([
    ['<a n:v="1"/>', /unbound namespace prefix: "n"/],
    ['<a xmlns:n="urn:1" xmlns:m="urn:1" n:v="1" m:v="2"/>', /duplicate attribute/],
  ])("%s is refused", (text, message) => expect(() => read(text)).toThrow(message));
});

test("references to control characters are taken where Android writes them, and nowhere else", () => {
  const text = "<a v='&#00;&#1;&#x1F;&amp;#1;'><!-- &#1; -->&#011;<![CDATA[&#1;]]></a>";
  expect(treeOf(readXml(text, { ...LIMITS, controlReferences: true }))).toEqual([
    "a",
    { v: "\u0000\u0001\u001f&#1;" },
    ["\u000b&#1;"],
  ]);
  expect(() => readXml("<a v='&#xD800;'/>", { ...LIMITS, controlReferences: true })).toThrow(/character/);
});
