import { expect, test, VirtualMachineManager } from "jest-avf";

const VM = "/apex/com.android.virt/bin/vm";

test.requires("sdk>=35", "emulated")(
  "a network and a vendor image, which this device's build lacks, are refused by name",
  async ({ app, vmm, device }) => {
    for (const feature of [VirtualMachineManager.FEATURE_NETWORK, VirtualMachineManager.FEATURE_VENDOR_MODULES]) {
      expect(await vmm.isFeatureEnabled(feature)).toBe(false);
      const { stdout } = await device.exec([VM, "check-feature-enabled", feature]);
      expect(stdout).toBe(`Feature ${feature} is disabled\n`);
    }
    const config = app.vmConfig("assets/vm_config.json");
    await expect(vmm.create("networked", config.setNetworkSupported(true).build())).rejects.toThrow(
      "Network in a VM is not supported on this device.",
    );
    const vendor = app.vmConfig("assets/vm_config.json").setVendorDiskImage("/data/local/tmp/vendor.img");
    await expect(vmm.create("with-vendor", vendor.build())).rejects.toThrow(
      "A vendor disk image is not supported on this device.",
    );
    for (const [option, ...value] of [
      ["--network-supported"],
      ["--vendor", "v.img"],
      ["--gki", "6.1"],
      ["--devices", "d"],
    ]) {
      const files = ["app.apk", "app.idsig", "instance.img"];
      const refused = await device.execUnchecked([VM, "run-app", option ?? "", ...value, ...files]);
      expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`'${option ?? ""}' found`) });
    }
    expect(await vmm.list()).toEqual([]);
  },
);
