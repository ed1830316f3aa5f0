import { describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, traitsOf, type AndroidRelease } from "../../base/android-release.js";
import { VirtualMachineConfig } from "./config.js";
import { readConfigXml, writeConfigXml } from "./xml/config-xml.js";
import { capabilitiesOf } from "../testing/oracle/answer.js";
import type { VirtualMachineConfigBuilder } from "./config.js";

const builderFor = (release: AndroidRelease): VirtualMachineConfigBuilder =>
  new VirtualMachineConfig.Builder({ packageName: "com.example", capabilities: capabilitiesOf(release) })
    .setProtectedVm(false)
    .setPayloadConfigPath("assets/c.json");

const everything = (release: AndroidRelease): VirtualMachineConfig =>
  builderFor(release)
    .setDebugLevel(1)
    .setMemoryBytes(300 * 2 ** 20)
    .setCpuTopology(1)
    .setEncryptedStorageBytes(4096)
    .setVmConsoleInputSupported(true)
    .setConsoleInputDevice("ttyS0")
    .setNetworkSupported(true)
    .setShouldBoostUclamp(true)
    .setShouldUseHugepages(true)
    .setShouldRamdump(false)
    .setVendorDiskImage("/v.img")
    .build();

test("what a release has a key for is written under it", () => {
  const keys = (release: AndroidRelease): readonly string[] =>
    [
      ...writeConfigXml(everything(release), { release })
        .replace(/<pbundle[^]*<\/pbundle_as_map>/, "")
        .matchAll(/^<\S+ name="(\w+)"/gm),
    ].map(([, key]) => key!);
  expect(keys(16)).toContain("shouldUseHugepages");
  expect(keys(16)).not.toContain("shouldRamdump");
  expect(keys(17)).toEqual(expect.arrayContaining(["shouldRamdump", "encryptedStoreMode"]));
  expect(keys(13)).toEqual(expect.arrayContaining(["numCpus", "memoryMib"]));
});

test.each(ANDROID_RELEASES)("Android %i: a config reads back, with what the release has no key for", (release) => {
  const config = everything(release);
  const xml = writeConfigXml(config, { release });
  expect(xml).toContain(`<int name="version" value="${traitsOf(release).library.configXmlVersion}" />\n`);
  const { config: again, unknown } = readConfigXml(Buffer.from(xml), capabilitiesOf(release));
  expect(again.fields).toEqual(config.fields);
  expect(writeConfigXml(again, { release, unknown })).toBe(xml);
});

describe("what a release reads", () => {
  test.each(ANDROID_RELEASES)("Android %i refuses the file of a later one", (release) => {
    const later = traitsOf(release).library.configXmlVersion + 1;
    const xml = writeConfigXml(builderFor(release).build(), { release }).replace(
      /(?<="version" value=")\d+/,
      String(later),
    );
    expect(() => readConfigXml(Buffer.from(xml), capabilitiesOf(release))).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });

  test("files of 14 have no os; every later release here reads them as Microdroid", () => {
    const xml = Buffer.from(writeConfigXml(builderFor(14).build(), { release: 14 }));
    expect(xml.toString()).not.toContain('"os"');
    for (const release of [14, 15, 16, 17] as const) {
      expect(readConfigXml(xml, capabilitiesOf(release)).config.getOs()).toBe("microdroid");
    }
  });
});

test("16 compares no storage, 17 no payload config, 14 the APK", () => {
  const areAlike = (release: AndroidRelease, change: (b: VirtualMachineConfigBuilder) => unknown): boolean => {
    const other = builderFor(release);
    change(other);
    return builderFor(release).build().isCompatibleWith(other.build());
  };
  expect([14, 15, 16].map((r) => areAlike(r as AndroidRelease, (b) => b.setEncryptedStorageBytes(1)))).toEqual([
    false,
    false,
    true,
  ]);
  expect([15, 16, 17].map((r) => areAlike(r as AndroidRelease, (b) => b.setPayloadConfigPath("d")))).toEqual([
    false,
    false,
    true,
  ]);
});

test("a file made here for Android 13 has no certificates, and is read here all the same", () => {
  const config = builderFor(13).build();
  const xml = writeConfigXml(config, { release: 13 });
  expect(xml).not.toContain("certs");
  expect(readConfigXml(Buffer.from(xml), capabilitiesOf(13)).config.getPayloadConfigPath()).toBe("assets/c.json");
});
