/**
 * A VM that is not Microdroid: its own kernel or firmware, its own disks. Mirrors VirtualMachineCustomImageConfig.java of
 * Android 15 and 16. Paths are those of the device.
 */
import { CustomImageSetters, NOTHING_APART, type AskedApart } from "./builder.js";
import { AudioConfig, Disk, DisplayConfig, GpuConfig, Partition, SharedPath, UsbConfig } from "./parts.js";
import { bundleReader, type BundleReader } from "../config/xml/bundle-fields.js";
import type { Bundle } from "../config/xml/persistable-bundle.js";

/** Immutable. Made by `new VirtualMachineCustomImageConfig.Builder()…build()`. */
export class VirtualMachineCustomImageConfig {
  static readonly Disk = Disk;
  static readonly Partition = Partition;
  static readonly DisplayConfig = DisplayConfig;
  static readonly GpuConfig = GpuConfig;
  static readonly AudioConfig = AudioConfig;
  static readonly UsbConfig = UsbConfig;
  static readonly SharedPath = SharedPath;

  static get Builder(): typeof CustomImageConfigBuilder {
    return CustomImageConfigBuilder;
  }

  readonly #read: BundleReader;

  /**
   * @internal For the builder.
   * @param bundle as config.xml has it
   * @param apart what config.xml does not have, or Android does not read there
   */
  static of(bundle: Bundle, apart: AskedApart = NOTHING_APART): VirtualMachineCustomImageConfig {
    return new VirtualMachineCustomImageConfig(bundle, apart);
  }

  /** Use the builder. */
  private constructor(
    readonly bundle: Bundle,
    private readonly apart: AskedApart,
  ) {
    this.#read = bundleReader(bundle);
  }

  /** Undefined: the VM has the name that its manager knows it by. */
  getName(): string | undefined {
    return this.#read.string("name");
  }

  getKernelPath(): string | undefined {
    return this.#read.string("kernel");
  }

  getInitrdPath(): string | undefined {
    return this.#read.string("initrd");
  }

  getBootloaderPath(): string | undefined {
    return this.#read.string("bootloader");
  }

  /** Of the kernel's command line, which has them with a blank between. */
  getParams(): readonly string[] {
    return this.#read.strings("params");
  }

  getDisks(): readonly Disk[] {
    const writables = this.#read.booleanArray("disk_writables") ?? [];
    return this.#read.strings("disk_images").map((image, at) => {
      const path = image === "" ? null : image;
      const disk = writables[at] === "true" ? Disk.RWDisk(path) : Disk.RODisk(path);
      return this.#partitions(at).reduce((whole, partition) => whole.addPartition(partition), disk);
    });
  }

  getDisplayConfig(): DisplayConfig | undefined {
    const read = this.#part("display_config");
    if (!read) return undefined;
    const [width, height, horizontalDpi, verticalDpi, refreshRate] = [
      ...["width", "height", "horizontal_dpi", "vertical_dpi", "refresh_rate"].map((key) => read.int(key)),
    ] as [number, number, number, number, number];
    return new DisplayConfig({ width, height, horizontalDpi, verticalDpi, refreshRate });
  }

  getGpuConfig(): GpuConfig | undefined {
    const read = this.#part("gpu");
    if (!read) return undefined;
    const text = (key: string, name: string): Record<string, string> => {
      const value = read.string(key);
      return value === undefined ? {} : { [name]: value };
    };
    const contextTypes = read.stringArray("context_types");
    return new GpuConfig({
      ...{ ...text("backend", "backend"), ...text("pci_address", "pciAddress") },
      ...{ ...text("renderer_features", "rendererFeatures"), ...(contextTypes && { contextTypes }) },
      rendererUseEgl: read.boolean("renderer_use_egl"),
      rendererUseGles: read.boolean("renderer_use_gles"),
      rendererUseGlx: read.boolean("renderer_use_glx"),
      rendererUseSurfaceless: read.boolean("renderer_use_surfaceless"),
      rendererUseVulkan: read.boolean("renderer_use_vulkan"),
    });
  }

  getAudioConfig(): AudioConfig | undefined {
    const read = this.#part("audio_config");
    return read && new AudioConfig(read.boolean("use_microphone"), read.boolean("use_speaker"));
  }

  getUsbConfig(): UsbConfig | undefined {
    const read = this.#part("usb_config");
    return read && new UsbConfig(read.boolean("use_controller"));
  }

  getSharedPaths(): readonly SharedPath[] {
    return this.apart.sharedPaths;
  }

  useTouch(): boolean {
    return this.#read.boolean("touch");
  }

  useKeyboard(): boolean {
    return this.#read.boolean("keyboard");
  }

  useMouse(): boolean {
    return this.#read.boolean("mouse");
  }

  /** Since 16. Android writes it and does not read it again. */
  useSwitches(): boolean {
    return this.apart.switches;
  }

  /** Since 16. */
  useTrackpad(): boolean {
    return this.#read.boolean("trackpad");
  }

  /** Since 16. */
  useNetwork(): boolean {
    return this.#read.boolean("network");
  }

  /** Since 16. */
  useAutoMemoryBalloon(): boolean {
    return this.#read.boolean("auto_memory_balloon");
  }

  /** For the record of a run. */
  toJSON(): unknown {
    return {
      ...{ kernel: this.getKernelPath(), initrd: this.getInitrdPath(), bootloader: this.getBootloaderPath() },
      params: this.getParams().join(" "),
      disks: this.getDisks().map((disk) => ({ image: disk.getImagePath(), writable: disk.isWritable() })),
    };
  }

  #part(key: string): BundleReader | undefined {
    const bundle = this.#read.bundle(key);
    return bundle && bundleReader(bundle);
  }

  #partitions(disk: number): readonly Partition[] {
    const [labels, images, guids] = ["labels", "images", "guids"].map((list) =>
      this.#read.strings(`partition_${list}_${disk}`),
    ) as [readonly string[], readonly string[], readonly string[]];
    const writables = this.#read.booleanArray(`partition_writables_${disk}`) ?? [];
    return labels.map(
      (label, at) => new Partition(label, images[at] ?? "", writables[at] === "true", guids[at] || null),
    );
  }
}

export class CustomImageConfigBuilder extends CustomImageSetters {
  /** May be called again; each config stands for itself. */
  build(): VirtualMachineCustomImageConfig {
    const { bundle, apart } = this.collected();
    return VirtualMachineCustomImageConfig.of(bundle, apart);
  }
}
