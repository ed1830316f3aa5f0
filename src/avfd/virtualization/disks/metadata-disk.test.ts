import { describe, expect, test } from "@jest/globals";
import { metadataDisk, type GuestMetadata } from "./metadata-disk.js";

const metadata: GuestMetadata = {
  name: "vm1",
  release: 15,
  payload: { kind: "config", configPath: "assets/vm_config.json" },
  apkBytes: 139_828,
  idsigBytes: 4213,
  extraApks: [{ apkBytes: 5000, idsigBytes: 200 }],
  epochSeconds: 1_700_000_000,
  entropy: Buffer.from("00ff", "hex"),
  deviceSecret: Buffer.from("a1b2", "hex"),
  instanceId: Buffer.from("c3d4", "hex"),
};

describe("metadata disk", () => {
  test("is lines, filled with NUL to whole blocks", () => {
    const disk = metadataDisk(metadata);
    expect(disk.length).toBe(4096);
    expect(disk.toString().replace(/\0*$/, "")).toBe(
      [
        "version=1",
        "name=vm1",
        "release=15",
        "config_path=assets/vm_config.json",
        "apk_size=139828",
        "idsig_size=4213",
        "extra_apk_count=1",
        "extra_apk_0_size=5000",
        "extra_idsig_0_size=200",
        "epoch_seconds=1700000000",
        "entropy=00ff",
        "device_secret=a1b2",
        "instance_id=c3d4",
        "",
      ].join("\n"),
    );
  });

  test("names a library instead of a config", () => {
    const text = metadataDisk({ ...metadata, payload: { kind: "binary", binaryName: "X.so" } }).toString();
    expect(text).toContain("\npayload_binary_name=X.so\n");
    expect(text).not.toContain("config_path");
  });

  test("an instance without an id has no line for it", () => {
    expect(metadataDisk({ ...metadata, instanceId: undefined }).toString()).not.toContain("instance_id");
  });

  test("a value cannot smuggle in a line of its own", () => {
    expect(() => metadataDisk({ ...metadata, name: "x\nrelease=13" })).toThrow("name has a line break");
  });
});
