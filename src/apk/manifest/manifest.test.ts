import { describe, expect, test } from "@jest/globals";
import { fixture } from "../testing/fixtures.js";
import { parseBinaryXml } from "./binary-xml.js";
import { compileManifest } from "./compile-manifest.js";
import { readManifest } from "./manifest.js";

const NAMESPACE = 'xmlns:android="http://schemas.android.com/apk/res/android"';
const manifest = (attributes: string, content = "") =>
  `<manifest ${NAMESPACE} package="com.example.a" ${attributes}>${content}</manifest>`;

describe("reading", () => {
  test("what aapt compiled", () => {
    expect(readManifest(fixture("golden/manifest-by-aapt.bin"))).toEqual({
      packageName: "com.example.golden",
      versionCode: 7,
      versionName: "1.2",
      minSdk: 28,
      targetSdk: 33,
      minSdkCodename: undefined,
      targetSdkCodename: undefined,
      maxSdk: undefined,
      permissions: ["android.permission.INTERNET"],
      features: [],
      label: "Golden & old",
      debuggable: true,
      testOnly: false,
      hasCode: false,
      activities: [],
      instrumentation: [],
    });
  });

  test("defaults of a manifest that says little", () => {
    const { minSdk, targetSdk, versionCode, hasCode, debuggable } = readManifest(compileManifest(manifest("")));
    expect({ minSdk, targetSdk, versionCode, hasCode, debuggable }).toEqual({
      minSdk: 1,
      targetSdk: 1,
      versionCode: 0,
      hasCode: true,
      debuggable: false,
    });
  });

  // ParsingPackageUtils.parseUsesSdk
  test.each([
    ['android:targetSdkVersion="VanillaIceCream"', [10_000, "VanillaIceCream", 10_000, "VanillaIceCream"]],
    ['android:minSdkVersion="Baklava"', [10_000, "Baklava", 10_000, "Baklava"]],
    ['android:minSdkVersion="30" android:targetSdkVersion="B.1f"', [30, undefined, 10_000, "B.1f"]],
    ['android:minSdkVersion="A" android:targetSdkVersion="35"', [10_000, "A", 35, undefined]],
    ['android:minSdkVersion="0x1e"', [30, undefined, 30, undefined]],
  ])("codenames: %s", (attributes, expected) => {
    const read = readManifest(compileManifest(manifest("", `<uses-sdk ${attributes}/>`)));
    expect([read.minSdk, read.minSdkCodename, read.targetSdk, read.targetSdkCodename]).toEqual(expected);
  });

  test("permissions, under each name that Android has for them", () => {
    const uses = ["", "-sdk-23", "-sdk-m", ""].map((end, at) => `<uses-permission${end} android:name="p${at % 3}"/>`);
    const text = manifest("", `${uses.join("")}<uses-permission-tree android:name="x"/>`);
    expect(readManifest(compileManifest(text)).permissions).toEqual(["p0", "p1", "p2"]);
  });

  test("text XML is refused with a hint", () => {
    expect(() => readManifest(fixture("golden/manifest-by-aapt.xml"))).toThrow(/text XML.*\n.*avf apk build/);
  });
});

describe("compiling", () => {
  test.each(["manifest-by-aapt", "manifest-values-by-aapt2"])("gives the tree of the tool: %s", (name) => {
    const ours = parseBinaryXml(compileManifest(fixture(`golden/${name}.xml`).toString()));
    const theirs = parseBinaryXml(fixture(`golden/${name}.bin`));
    // Only what readers look at: aapt notes the platform it compiled for, and keeps the text of some numbers.
    const essence = (element: typeof ours): unknown => ({
      name: element.name,
      attributes: element.attributes
        .filter((attribute) => !/^(platformBuildVersion|compileSdkVersion)/.test(attribute.name))
        .map(({ name, resourceId, type, data, text }) => ({ name, resourceId, type, value: type === 3 ? text : data })),
      children: element.children.map(essence),
    });
    expect(essence(ours)).toEqual(essence(theirs));
  });

  test("numbers, booleans, names, flags, major version", () => {
    const permission = '<permission android:name="p" android:protectionLevel="signature|privileged"/>';
    const binary = compileManifest(
      manifest(
        'android:versionCode="0x10" android:versionCodeMajor="2" android:installLocation="auto"',
        `${permission}<uses-sdk android:minSdkVersion="26" android:maxSdkVersion="40"/>`,
      ),
    );
    expect(readManifest(binary)).toMatchObject({ versionCode: 2 * 2 ** 32 + 16, minSdk: 26, maxSdk: 40 });
    const flags = parseBinaryXml(binary).children[0]?.attributes.find(({ name }) => name === "protectionLevel");
    expect(flags?.data).toBe(0x12);
  });

  test.each([
    [" 0x10 ", "TRUE", { versionCode: 16, debuggable: true }],
    ["\n7", "True ", { versionCode: 7, debuggable: true }],
    ["0X7f", " FALSE", { versionCode: 127, debuggable: false }],
  ])("numbers and truth values as aapt2 takes them: %j, %j", (versionCode, debuggable, read) => {
    const text = manifest(`android:versionCode="${versionCode}"`, `<application android:debuggable="${debuggable}"/>`);
    expect(readManifest(compileManifest(text))).toMatchObject(read);
  });

  /** Type and value of an attribute of the application. */
  const typedValue = (attributes: string): unknown => {
    const { children } = parseBinaryXml(compileManifest(manifest("", `<x ${attributes}/>`)));
    const [attribute] = children[0]?.attributes ?? [];
    return [attribute?.type, attribute?.type === 3 ? attribute.text : attribute?.data];
  };

  // aapt2: StringBuilder::AppendText with spaces preserved, which XmlFlattener gives each string to.
  test.each([
    ['It\\\'s \\"a\\" \\#\\?'.replaceAll('"', "&quot;"), 'It\'s "a" #?'],
    ["\\@home", "@home"],
    ["one\\ntwo\\tthree", "one\ntwo\tthree"],
    ["\\u00e9\\u4E2D \\U00e9", "é中 U00e9"],
    ["a\\\\u00e9\\\\", "a\\u00e9\\"],
    ["a\\qb\\", "aqb"],
    [" It's  as it is ", " It's  as it is "],
  ])("escapes of a string: %j", (label, text) => {
    expect(typedValue(`android:label="${label}"`)).toEqual([3, text]);
  });

  // aapt2: TryParseItemForAttribute, in its order; attrs_manifest.xml: string|integer|color|float|boolean.
  test.each([
    ["true", [0x12, 0xffffffff]],
    [" False ", [0x12, 0]],
    ["7", [0x10, 7]],
    ["-1", [0x10, 0xffffffff]],
    ["0xffffffff", [0x11, 0xffffffff]],
    ["2147483648", [4, 0x4f000000]],
    ["1.5", [4, 0x3fc00000]],
    ["#fff", [0x1f, 0xffffffff]],
    ["#8123", [0x1e, 0x88112233]],
    ["#010203", [0x1d, 0xff010203]],
    ["#04010203", [0x1c, 0x04010203]],
    ["#12345", [3, "#12345"]],
    ["1.5dp", [3, "1.5dp"]],
    ["yes", [3, "yes"]],
    ["", [3, ""]],
  ])("a value of any type: %j", (value, expected) => {
    expect(typedValue(`android:value="${value}"`)).toEqual(expected);
  });

  test("one name of an enumeration, any of flags", () => {
    expect(typedValue('android:launchMode=" singleTask "')).toEqual([0x10, 2]);
    expect(typedValue('android:protectionLevel="signature | privileged"')).toEqual([0x11, 0x12]);
    expect(typedValue('android:protectionLevel="signature"')).toEqual([0x11, 2]);
    expect(typedValue('android:protectionLevel=""')).toEqual([0x11, 0]);
  });

  test("attributes are in the order of their resources", () => {
    const binary = compileManifest(manifest('android:versionName="1" android:versionCode="1"'));
    expect(parseBinaryXml(binary).attributes.map(({ name }) => name)).toEqual([
      "versionCode",
      "versionName",
      "package",
    ]);
  });

  test("values are read as XML has them, in text and in bytes", () => {
    const text = manifest("", `<application android:label="&#60;a&#62; &amp;#62;\n\tb&#10;c &#xe9;é"/>`);
    const label = "<a> &#62;  b\nc éé";
    expect(readManifest(compileManifest(text))).toMatchObject({ label });
    const latin1 = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${text}`, "latin1");
    expect(readManifest(compileManifest(latin1))).toMatchObject({ label });
    const utf16 = Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${text}`, "utf16le");
    expect(readManifest(compileManifest(utf16))).toMatchObject({ label });
  });

  test("a namespace may be declared where it is used, under any prefix", () => {
    const text = `<manifest package="com.a"><uses-sdk xmlns:a="http://schemas.android.com/apk/res/android" a:minSdkVersion="30"/></manifest>`;
    expect(readManifest(compileManifest(text))).toMatchObject({ minSdk: 30 });
  });

  test.each([
    ["a package that leaves its folder", `<manifest package="../../etc"/>`, /is no package name/],
    ["a package without a dot", `<manifest package="app"/>`, /"app" is no package name: there is no dot in it/],
    ["no package", "<manifest/>", /no package name/],
    ["another root", "<application/>", /no <manifest> at its root/],
    ["no XML", "<manifest", /is no XML/],
    ["entities", `<!DOCTYPE m [<!ENTITY a "b">]><manifest package="com.a"/>`, /document type/],
    ["an undeclared entity", manifest('android:versionName="&nbsp;"'), /undefined entity/],
    ["an attribute twice", manifest('android:versionName="1" android:versionName="2"'), /duplicate attribute/],
    ["an unknown attribute", manifest('android:versionKode="1"'), /<manifest android:versionKode>/],
    [
      "an undeclared prefix",
      `<manifest package="com.a" android:versionCode="1"/>`,
      /unbound namespace prefix: "android"/,
    ],
    ["a resource", manifest('android:versionName="@string/version"'), /refers to a resource/],
    ["a number that is none", manifest('android:versionCode="one"'), /no number of 32 bits/],
    ["a boolean that is none", manifest("", '<application android:hasCode="no"/>'), /neither true nor false/],
    ["a decimal number of more than 31 bits", manifest('android:versionCode="2147483648"'), /no number of 32 bits/],
    ["an escape that ends too soon", manifest('android:versionName="\\u00e"'), /without four hexadecimal digits/],
    [
      "two names of an enumeration",
      manifest('android:installLocation="auto|preferExternal"'),
      /"auto\|preferExternal"/,
    ],
    ["a name of JavaScript", manifest('android:installLocation="constructor"'), /"constructor"; known: auto/],
    ["an unknown name", manifest('android:installLocation="moon"'), /known: auto, internalOnly, preferExternal/],
  ])("%s is refused", (_, text, message) => {
    expect(() => compileManifest(text)).toThrow(message);
  });
});
