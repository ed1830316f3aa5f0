import { describe, expect, test } from "@jest/globals";
import { arrayMapOrder, javaHashCode, writeBundle } from "./persistable-bundle.js";
import { readBundle } from "./persistable-bundle-reader.js";
import type { Bundle } from "./persistable-bundle.js";

test.each([
  ["", 0],
  ["a", 97],
  ["Aa", 2112],
  ["BB", 2112],
  ["hello world", 1794106052],
  ["polygenelubricants", -2147483648],
  ["\uffff".repeat(7), 1828150367],
])("String.hashCode of %j", (text, hash) => {
  expect(javaHashCode(text)).toBe(hash);
});

test("keys of one hash keep the order they came in", () => {
  expect(arrayMapOrder(["b", "BB", "Aa", "a"])).toEqual(["a", "b", "BB", "Aa"]);
  expect(arrayMapOrder(["Aa", "BB"])).toEqual(["Aa", "BB"]);
});

describe("what a bundle can hold", () => {
  const bundle: Bundle = new Map([
    ["a", { type: "int", value: -2147483648 }],
    ["b", { type: "long", value: -9223372036854775808n }],
    ["c", { type: "double", text: "-Infinity" }],
    ["d", { type: "boolean", value: true }],
    ["e", { type: "string", value: " <b> & 'c' \"d\"\r\n\t\u0001 " }],
    ["f", { type: "null" }],
    ["g", { type: "int-array", items: ["1", "-2"] }],
    ["h", { type: "string-array", items: [] }],
    ["i", { type: "bundle", entries: new Map([["j", { type: "bundle", entries: new Map() }]]) }],
    ['k"&<', { type: "string", value: "" }],
  ]);
  const xml = `<bundle>
<int name="a" value="-2147483648" />
<long name="b" value="-9223372036854775808" />
<double name="c" value="-Infinity" />
<boolean name="d" value="true" />
<string name="e"> &lt;b&gt; &amp; 'c' &quot;d&quot;&#13;&#10;&#9;&#1; </string>
<null name="f" />
<int-array name="g" num="2">
<item value="1" />
<item value="-2" />
</int-array>
<string-array name="h" num="0" />
<pbundle_as_map name="i">
<pbundle_as_map name="j" />
</pbundle_as_map>
<string name="k&quot;&amp;&lt;"></string>
</bundle>
`;

  test("is written as the platform does", () => {
    expect(writeBundle(bundle)).toBe(xml);
    expect(writeBundle(new Map())).toBe("<bundle />\n");
  });

  test("is read back", () => {
    expect(readBundle(Buffer.from(xml))).toEqual(bundle);
    expect(readBundle(Buffer.from("<bundle />\n"))).toEqual(new Map());
  });
});
