import { describe, expect, test } from "@jest/globals";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isTextMap, VolatileState } from "../volatile-state.js";
import { DeviceIdentity, isIdentityState } from "./device-identity.js";
import { PropertyStore } from "./property-store.js";

const facts = { release: 15, kernelRelease: "6.1.0-50-cloud-amd64", hasKvm: true, serial: "s1" } as const;

describe("device identity", () => {
  test("the properties show the release, the ABI and what the hardware can do", () => {
    const properties = new PropertyStore();
    new DeviceIdentity(properties, facts);
    const read = (name: string): string | undefined => properties.get(name);
    expect(read("ro.build.version.sdk")).toBe("35");
    expect(read("ro.build.version.release")).toBe("15");
    expect(read("ro.product.cpu.abi")).toBe("x86_64");
    expect(read("ro.boot.hypervisor.vm.supported")).toBe("1");
    expect(read("ro.boot.hypervisor.protected_vm.supported")).toBe("0");
    expect(read("ro.kernel.version")).toBe("6.1");
    expect(read("ro.serialno")).toBe("s1");
  });

  // The API levels of Android's releases, as docs of the SDK list them.
  test.each([
    [13, "33"],
    [14, "34"],
    [15, "35"],
    [16, "36"],
    [17, "37"],
  ] as const)("release %d is SDK %s", (release, sdk) => {
    const properties = new PropertyStore();
    new DeviceIdentity(properties, { ...facts, release });
    const names = ["sdk", "release", "release_or_codename", "codename"].map((name) => `ro.build.version.${name}`);
    expect(names.map((name) => properties.get(name))).toEqual([sdk, String(release), String(release), "REL"]);
    expect(properties.get("ro.build.fingerprint")).toMatch(new RegExp(`^jest-avf/avf_x86_64/avf_x86_64:${release}/`));
  });

  test("without KVM there is no hypervisor", () => {
    const properties = new PropertyStore();
    new DeviceIdentity(properties, { ...facts, hasKvm: false });
    expect(properties.get("ro.boot.hypervisor.vm.supported")).toBe("0");
    expect(properties.get("ro.boot.hypervisor.version")).toBeUndefined();
  });

  test("a change of release keeps what the emulator and the user set", async () => {
    const properties = new PropertyStore();
    const identity = new DeviceIdentity(properties, facts);
    await identity.override(new Map([["ro.serialno", "avf-2"]]));
    await properties.set("debug.mine", "1");
    identity.setRelease(13);
    expect(identity.release).toBe(13);
    expect(properties.get("ro.build.version.sdk")).toBe("33");
    expect(properties.get("ro.serialno")).toBe("avf-2");
    expect(properties.get("debug.mine")).toBe("1");
  });

  test("a service that is started again finds the device as it was", async () => {
    const folder = await mkdtemp(join(tmpdir(), "device-identity-"));
    try {
      const start = (): { properties: PropertyStore; identity: DeviceIdentity } => {
        const properties = new PropertyStore(
          join(folder, "persistent.json"),
          new VolatileState(join(folder, "run/properties.json"), isTextMap),
        );
        const state = new VolatileState(join(folder, "run/identity.json"), isIdentityState);
        return { properties, identity: new DeviceIdentity(properties, facts, state) };
      };
      const first = start();
      first.identity.setRelease(13);
      await first.identity.override(new Map([["ro.serialno", "avf-2"]]));
      await first.properties.set("debug.mine", "1");
      await first.properties.set("persist.mine", "2");

      const second = start();
      expect(second.identity.release).toBe(13);
      second.identity.setRelease(15);
      second.identity.setRelease(13);
      expect(second.properties.get("ro.serialno")).toBe("avf-2");
      expect(second.properties.get("debug.mine")).toBe("1");
      expect(second.properties.get("persist.mine")).toBe("2");

      await writeFile(join(folder, "run/identity.json"), '{"release": 12}');
      await writeFile(join(folder, "run/properties.json"), "cut");
      expect(start().identity.release).toBe(15);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("one bad name and nothing is set", async () => {
    const properties = new PropertyStore();
    const identity = new DeviceIdentity(properties, facts);
    await expect(
      identity.override(
        new Map([
          ["debug.good", "1"],
          ["bad name", "1"],
        ]),
      ),
    ).rejects.toThrow("illegal property name");
    expect(properties.get("debug.good")).toBeUndefined();
  });
});
