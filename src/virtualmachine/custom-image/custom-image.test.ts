import { describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, traitsOf, type AndroidRelease } from "../../base/android-release.js";
import { readConfigXml, writeConfigXml } from "../config/xml/config-xml.js";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { type MemoryService, memoryContext, toolWithout } from "../testing/memory-service.js";
import { capabilitiesOf } from "../testing/oracle/answer.js";
import { VirtualMachineCustomImageConfig, type CustomImageConfigBuilder } from "./custom-image-config.js";
import type { VmContext } from "../context.js";
import type { ServiceCapabilities } from "../../virtualizationservice/contract.js";

const { AudioConfig, Builder, Disk, DisplayConfig, GpuConfig, Partition, SharedPath, UsbConfig } =
  VirtualMachineCustomImageConfig;

const small = (): CustomImageConfigBuilder => new Builder().setKernelPath("/d/kernel").setInitrdPath("/d/initrd");

const whole = (): VirtualMachineCustomImageConfig =>
  small()
    .setName("debian")
    .addParam("console=ttyS0")
    .addParam("panic=-1")
    .addDisk(Disk.RODisk("/d/root.img"))
    .addDisk(Disk.RWDisk("/d/data.img"))
    .addDisk(
      Disk.RWDisk(null)
        .addPartition(new Partition("a", "/d/a.img", false, null))
        .addPartition(new Partition("b", "/d/b.img", true, null)),
    )
    .setDisplayConfig(new DisplayConfig({ width: 640, height: 480, refreshRate: 60 }))
    .setGpuConfig(new GpuConfig({ backend: "virglrenderer", contextTypes: ["virgl2"], rendererUseEgl: true }))
    .setAudioConfig(new AudioConfig(true, false))
    .setUsbConfig(new UsbConfig(true))
    .useTouch(true)
    .useNetwork(true)
    .build();

function configOf(image: VirtualMachineCustomImageConfig, { capabilities }: Pick<VmContext, "capabilities">) {
  return new VirtualMachineConfig.Builder({ packageName: "com.example", capabilities })
    .setCustomImageConfig(image)
    .setProtectedVm(false)
    .setDebugLevel(VirtualMachineConfig.DEBUG_LEVEL_FULL)
    .setVmOutputCaptured(true);
}

async function started(
  answers: Partial<ServiceCapabilities> = {},
): Promise<{ context: VmContext; service: MemoryService }> {
  const { context, service } = memoryContext();
  service.answers = answers;
  return { context: { ...context, capabilities: await service.capabilities() }, service };
}

test("getters give what was set", () => {
  const image = whole();
  expect([image.getName(), image.getKernelPath(), image.getInitrdPath(), image.getBootloaderPath()]).toEqual([
    "debian",
    "/d/kernel",
    "/d/initrd",
    undefined,
  ]);
  expect(image.getParams()).toEqual(["console=ttyS0", "panic=-1"]);
  expect(image.getDisks().map((disk) => [disk.getImagePath(), disk.isWritable()])).toEqual([
    ["/d/root.img", false],
    ["/d/data.img", true],
    [null, true],
  ]);
  expect(image.getDisks()[2]?.getPartitions()).toEqual([
    { name: "a", imagePath: "/d/a.img", writable: false, guid: null },
    { name: "b", imagePath: "/d/b.img", writable: true, guid: null },
  ]);
  expect(image.getDisplayConfig()?.getWidth()).toBe(640);
  expect(image.getDisplayConfig()?.getRefreshRate()).toBe(60);
  expect(image.getGpuConfig()?.settings).toMatchObject({ backend: "virglrenderer", rendererUseEgl: true });
  expect([image.getAudioConfig()?.useMicrophone(), image.getUsbConfig()?.getUsbController()]).toEqual([true, true]);
  expect([image.useTouch(), image.useKeyboard(), image.useNetwork(), image.useTrackpad()]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(() => new DisplayConfig({ width: 0, height: 1 })).toThrow("width and height must be specified");
});

test.each(ANDROID_RELEASES)(
  "Android %i: config.xml keeps the image, and what runs is the same afterwards",
  (release: AndroidRelease) => {
    const capabilities = capabilitiesOf(release);
    const parts = Disk.RODisk(null).addPartition(new Partition("a", "/d/a.img", false, null));
    const image = small().addParam("a=b").addDisk(Disk.RWDisk("/d/x.img")).addDisk(parts).build();
    const config = configOf(image, { capabilities }).build();
    const { config: again } = readConfigXml(Buffer.from(writeConfigXml(config, { release })), capabilities);
    const read = again.getCustomImageConfig();
    expect([read?.getKernelPath(), read?.getInitrdPath(), read?.getParams()]).toEqual([
      "/d/kernel",
      "/d/initrd",
      ["a=b"],
    ]);
    expect(read?.getDisks().map((disk) => [disk.getImagePath(), disk.isWritable(), disk.getPartitions()])).toEqual([
      ["/d/x.img", true, []],
      [null, false, parts.getPartitions()],
    ]);
  },
);

describe("a VM of a custom image", () => {
  test("runs, prints, ends and is deleted like any other, without an APK", async () => {
    const { context, service } = await started();
    const vmm = VirtualMachineManager.getInstance(context);
    const image = small().addParam("console=hvc0").addParam("quiet").addDisk(Disk.RODisk("/d/root.img")).build();
    const config = configOf(image, context).setMemoryBytes(100e6).setConsoleInputDevice("ttyS0").build();
    const vm = await vmm.create("vm2", config);
    await vm.run();
    const [run] = service.vms;
    expect(run?.asked).toEqual({
      ...{ name: "vm2", debugLevel: "full", protectedVm: false, memoryMib: 96, cpuTopology: "one_cpu" },
      ...{ consoleInput: false, networkSupported: false, scratchPath: expect.stringContaining("/vm/vm2/run-") },
      image: {
        ...{
          kernelPath: "/d/kernel",
          initrdPath: "/d/initrd",
          bootloaderPath: undefined,
          params: "console=hvc0 quiet",
        },
        disks: [{ writable: false, imagePath: "/d/root.img", partitions: [] }],
        consoleInputDevice: "ttyS0",
      },
    });
    expect([await vm.getStatus(), vm.cid]).toEqual(["RUNNING", run?.cid]);
    run?.print("[    0.500000] Run /sbin/init as init process\nhello\n");
    await vm.waitForConsole("hello");
    expect(vm.boot.stage).toBe("init");
    run?.die("SHUTDOWN");
    expect(await vm.waitFor("died")).toMatchObject({ kind: "died", reason: { name: "SHUTDOWN" } });
    await vm.delete();
    expect(await vmm.get("vm2")).toBeNull();
  });

  test("with neither kernel nor firmware asks for Android's U-Boot, as Java does", async () => {
    const { context, service } = await started();
    const config = configOf(new Builder().build(), context).build();
    const vm = await VirtualMachineManager.getInstance(context).create("vm2", config);
    await vm.run();
    expect(service.vms[0]?.asked).toMatchObject({
      image: { kernelPath: undefined, bootloaderPath: "/apex/com.android.virt/etc/u-boot.bin", params: undefined },
    });
  });

  test.each<[what: string, image: VirtualMachineCustomImageConfig]>([
    [
      "A display",
      small()
        .setDisplayConfig(new DisplayConfig({ width: 1, height: 1 }))
        .build(),
    ],
    ["A GPU", small().setGpuConfig(new GpuConfig({})).build()],
    ["Touch input", small().useTouch(true).build()],
    ["A keyboard", small().useKeyboard(true).build()],
    ["A mouse", small().useMouse(true).build()],
    ["A trackpad", small().useTrackpad(true).build()],
    ["Audio", small().setAudioConfig(new AudioConfig(false, true)).build()],
    ["USB", small().setUsbConfig(new UsbConfig(true)).build()],
    ["An automatic memory balloon", small().useAutoMemoryBalloon(true).build()],
    ["A shared path", small().addSharedPath(new SharedPath("/d/shared", "tag")).build()],
    ["Input of switches", small().useSwitches(true).build()],
  ])("%s is refused by name, on releases that do not know of it too", async (what, image) => {
    for (const release of ANDROID_RELEASES) await refused(what, image, traitsOf(release).sdk);
  });

  async function refused(what: string, image: VirtualMachineCustomImageConfig, sdk: number): Promise<void> {
    const { context, service } = await started({ sdk });
    const config = configOf(image, context).build();
    await expect(VirtualMachineManager.getInstance(context).create("vm2", config)).rejects.toMatchObject({
      name: "UnsupportedOperationException",
      message: expect.stringContaining(`${what} is not supported: the vm tool of a device cannot carry it.`),
    });
    expect(await service.files.exists("/data/avf/com.example/vm/vm2")).toBe(false);
    expect(service.vms).toEqual([]);
  }

  test("a partition has the GUID that is asked for since Android 16; before, it is refused by name", async () => {
    const guid = "6dc9cbf2-1f19-4a2c-9bd6-9e1b43c3f6a4";
    const disk = Disk.RODisk(null).addPartition(new Partition("a", "/d/a", false, guid));
    const image = small().addDisk(disk).build();
    const { context, service } = await started({ sdk: 36 });
    const vm = await VirtualMachineManager.getInstance(context).create("vm2", configOf(image, context).build());
    await vm.run();
    expect(service.vms[0]?.asked).toMatchObject({ image: { disks: [{ partitions: [{ label: "a", guid }] }] } });
    const { context: older, service: olderService } = await started({ sdk: 35 });
    await expect(
      VirtualMachineManager.getInstance(older).create("vm2", configOf(image, older).build()),
    ).rejects.toMatchObject({
      name: "UnsupportedOperationException",
      message: expect.stringContaining(
        "A partition with a GUID of its own, which `vm run` takes since Android 16, is not",
      ),
    });
    const any = small()
      .addDisk(Disk.RWDisk(null).addPartition(new Partition("a", "/d/a", true, null)))
      .build();
    const made = await VirtualMachineManager.getInstance(older).create("vm2", configOf(any, older).build());
    await made.run();
    expect(olderService.vms[0]?.asked).toMatchObject({
      image: { disks: [{ imagePath: undefined, partitions: [{ label: "a", path: "/d/a", writable: true }] }] },
    });
  });

  test("what the vm tool cannot carry is refused by name, before anything is made", async () => {
    const { context } = await started({ tool: toolWithout("--console-in") });
    const config = configOf(small().build(), context).setVmConsoleInputSupported(true).build();
    await expect(VirtualMachineManager.getInstance(context).create("vm2", config)).rejects.toThrow(
      "Console input is not supported on this device.",
    );
    const { context: other } = await started({ tool: { ...toolWithout(), run: new Set() } });
    const plain = configOf(small().build(), other).build();
    await expect(VirtualMachineManager.getInstance(other).create("vm2", plain)).rejects.toThrow(
      "A custom image, which needs `vm run`, is not supported on this device.",
    );
  });
});
