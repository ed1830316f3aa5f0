import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { HarnessError } from "../../../base/errors.js";
import { VirtualMachineConfig } from "../config.js";
import { readConfigXml, writeConfigXml } from "./config-xml.js";
import { EVERYTHING, SMALLEST } from "../../testing/config-xml-15.js";
import { memoryContext } from "../../testing/memory-service.js";

const { context } = memoryContext();
const bytes = (text: string): Buffer => Buffer.from(text);

describe("bytes of Android 15", () => {
  test("with everything set", () => {
    const config = new VirtualMachineConfig.Builder(context)
      .setApkPath("/data/a & b's.apk")
      .setPayloadBinaryName("MyPayload.so")
      .setProtectedVm(false)
      .setDebugLevel(1)
      .setMemoryBytes(256 << 20)
      .setCpuTopology(1)
      .setEncryptedStorageBytes(4096)
      .setVmOutputCaptured(true)
      .setVmConsoleInputSupported(true)
      .setConnectVmConsole(true)
      .setConsoleInputDevice("ttyS0")
      .setVendorDiskImage("/data/v.img")
      .setNetworkSupported(true)
      .setShouldBoostUclamp(true)
      .addExtraApk("com.one")
      .addExtraApk('com."two"\n')
      .build();
    expect(writeConfigXml(config)).toBe(EVERYTHING);
    expect(readConfigXml(bytes(EVERYTHING)).config.fields).toEqual(config.fields);
  });

  test("with nothing but what is required", () => {
    const config = new VirtualMachineConfig.Builder(context)
      .setPayloadConfigPath("assets/vm_config.json")
      .setProtectedVm(true)
      .build();
    expect(writeConfigXml(config)).toBe(SMALLEST);
    expect(readConfigXml(bytes(SMALLEST)).config.fields).toEqual(config.fields);
  });
});

describe("other versions", () => {
  test("the first API's", () => {
    const { config } = readConfigXml(
      bytes(`<bundle>
<string name="payloadConfigPath">assets/vm_config.json</string>
<string name="apkPath">/data/app/a/base.apk</string>
<string name="idsigPath">/data/local/tmp/virt/a.apk.idsig</string>
<int name="version" value="1" />
</bundle>
`),
    );
    expect(config.getApkPath()).toBe("/data/app/a/base.apk");
    expect(config.getIdsigPath()).toBe("/data/local/tmp/virt/a.apk.idsig");
    expect(config.getPayloadConfigPath()).toBe("assets/vm_config.json");
    expect([config.getDebugLevel(), config.isVmOutputCaptured(), config.isProtectedVm()]).toEqual([1, true, false]);
  });

  const android13 = (debugLevel: number): string => `<bundle>
<int name="numCpus" value="4" />
<int name="debugLevel" value="${debugLevel}" />
<string name="payloadConfigPath">assets/vm_config.json</string>
<string name="apkPath">/data/app/a/base.apk</string>
<boolean name="protectedVm" value="false" />
<string-array name="certs" num="1">
<item value="3082abcd" />
</string-array>
<int name="version" value="1" />
<int name="memoryMib" value="512" />
</bundle>
`;

  test("Android 13's: CPUs, memory and debug level find their successors; certificates are kept", () => {
    const { config, unknown } = readConfigXml(bytes(android13(2)));
    expect([config.getCpuTopology(), config.getMemoryBytes(), config.getDebugLevel()]).toEqual([1, 512 << 20, 1]);
    expect([...unknown.keys()]).toEqual(["certs"]);
    const rewritten = writeConfigXml(config, { unknown });
    expect(rewritten).toContain('<string-array name="certs" num="1">\n<item value="3082abcd" />\n</string-array>\n');
    expect(rewritten).toContain('<int name="version" value="9" />');
    expect(readConfigXml(bytes(rewritten)).config.fields).toEqual(config.fields);
  });

  test.each([
    [0, 0],
    [1, 1],
    [2, 1],
  ])("Android 13's debug level %i is %i", (old, now) => {
    const { config } = readConfigXml(bytes(android13(old)));
    expect([config.getDebugLevel(), config.isVmOutputCaptured()]).toEqual([now, now === 1]);
  });

  test.each([2, 3, 4, 5, 6, 7, 8])("version %i lacks what came later", (version) => {
    const { config } = readConfigXml(
      bytes(SMALLEST.replace('value="9"', `value="${version}"`).replace(/.*"os".*\n/, "")),
    );
    expect(config.getOs()).toBe("microdroid");
  });
});

test("readers accept any order, an XML declaration and indentation", () => {
  const [root, ...rest] = SMALLEST.trim().split("\n");
  const shuffled = [...rest.slice(0, -1).reverse(), rest.at(-1)].map((line) => `  ${line}`);
  const xml = ['<?xml version="1.0" encoding="utf-8"?>', root, ...shuffled].join("\n");
  expect(readConfigXml(bytes(xml)).config.fields).toEqual(readConfigXml(bytes(SMALLEST)).config.fields);
});

test("text and attributes are read as XML has them", () => {
  const written = "<![CDATA[com.]]>ex<!-- a comment -->&#97;mple";
  expect(readConfigXml(bytes(SMALLEST.replace("com.example", written))).config.fields).toMatchObject(
    readConfigXml(bytes(SMALLEST)).config.fields,
  );
  const extra = `<string-array name="&#60;a&#62;\n&#10;" num="1"><item value="&amp;#62;\tb&#9;" /></string-array>`;
  const { unknown } = readConfigXml(bytes(SMALLEST.replace("</bundle>", `${extra}</bundle>`)));
  expect([...unknown]).toEqual([["<a> \n", { type: "string-array", items: ["&#62; b\t"] }]]);
});

test("keys of a later release survive a rewrite, in their place and unchanged", () => {
  const extra = [
    '<double name="ratio" value="1.0E-5" />',
    '<long name="serial" value="9223372036854775807" />',
    '<pbundle_as_map name="more">\n<null name="a" />\n<int-array name="b" num="0" />\n</pbundle_as_map>',
    '<string name="empty"></string>',
  ];
  const { config, unknown } = readConfigXml(bytes(SMALLEST.replace("</bundle>", `${extra.join("\n")}\n</bundle>`)));
  const rewritten = writeConfigXml(config, { unknown });
  for (const line of extra) expect(rewritten).toContain(`${line}\n`);
  const again = readConfigXml(bytes(rewritten));
  expect(writeConfigXml(config, { unknown: again.unknown })).toBe(rewritten);
});

describe("properties", () => {
  // XML 1.0 cannot hold U+FFFE and U+FFFF at all, and a lone surrogate has no UTF-8.
  const text = fc.string({ unit: "binary" }).filter((s) => !/[\uFFFE\uFFFF]/.test(s));
  const anyConfig = fc
    .record({
      binary: text.map((s) => s.replaceAll("/", "")),
      apk: fc.option(text),
      os: text,
      device: fc.option(text),
      extras: fc.array(text, { maxLength: 3 }),
      memory: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      storage: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      flags: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
    })
    .map(({ binary, apk, os, device, extras, memory, storage, flags }) => {
      const [captured, input, connected, boost, everyCpu] = flags;
      const b = new VirtualMachineConfig.Builder(context)
        .setPayloadBinaryName(binary)
        .setProtectedVm(false)
        .setOs(os)
        .setDebugLevel(captured || input || connected ? 1 : 0)
        .setVmOutputCaptured(captured)
        .setVmConsoleInputSupported(input)
        .setConnectVmConsole(connected)
        .setShouldBoostUclamp(boost)
        .setCpuTopology(everyCpu ? 1 : 0);
      if (apk !== null) b.setApkPath(`/${apk}`);
      if (device !== null) b.setConsoleInputDevice(device);
      if (memory !== null) b.setMemoryBytes(memory);
      if (storage !== null) b.setEncryptedStorageBytes(storage);
      for (const extra of extras) b.addExtraApk(extra);
      return b.build();
    });

  test("every config reads back as it was written, and writes the same bytes again", () => {
    fc.assert(
      fc.property(anyConfig, (config) => {
        const xml = writeConfigXml(config);
        const read = readConfigXml(bytes(xml)).config;
        expect(read.fields).toEqual(config.fields);
        expect(writeConfigXml(read)).toBe(xml);
        expect(read.isCompatibleWith(config)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  const orHarnessError = (content: Uint8Array): void => {
    try {
      expect(readConfigXml(content).config).toBeInstanceOf(VirtualMachineConfig);
    } catch (error) {
      expect(error).toBeInstanceOf(HarnessError);
      expect((error as HarnessError).code).toMatch(/^CONFIG_(UNREADABLE|INVALID)$/);
    }
  };

  test("any bytes give a config or a VirtualMachineException", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), orHarnessError), { numRuns: 300 });
  });

  test("so does a good file with some of it overwritten", () => {
    const pieces = [
      "<",
      ">",
      "</bundle>",
      "<bundle>",
      "&",
      '"',
      "<!--",
      "-->",
      "<![CDATA[",
      "<?",
      "__proto__",
      " name=",
      "\0",
    ];
    const edit = fc.record({
      at: fc.nat(EVERYTHING.length),
      cut: fc.nat(30),
      put: fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 10 })),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
        orHarnessError(
          bytes(edits.reduce((xml, { at, cut, put }) => xml.slice(0, at) + put + xml.slice(at + cut), EVERYTHING)),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
