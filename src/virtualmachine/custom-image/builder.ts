/** Setters of custom images. Mirrors VirtualMachineCustomImageConfig.Builder: it refuses nothing; the service does. */
import type { AudioConfig, Disk, DisplayConfig, GpuConfig, SharedPath, UsbConfig } from "./parts.js";
import type { Bundle, BundleValue } from "../config/xml/persistable-bundle.js";

type Entry = readonly [key: string, value: BundleValue];

/** What an image asks for beside its bundle. */
export interface AskedApart {
  readonly sharedPaths: readonly SharedPath[];
  /** Android writes it into config.xml, and does not read it again. */
  readonly switches: boolean;
}

export const NOTHING_APART: AskedApart = { sharedPaths: [], switches: false };

export abstract class CustomImageSetters {
  readonly #entries = new Map<string, BundleValue>();
  readonly #params: string[] = [];
  readonly #disks: Disk[] = [];
  #apart: AskedApart = NOTHING_APART;

  setName(name: string | null): this {
    return this.#set("name", string(name));
  }

  /** Path on the device. */
  setKernelPath(kernelPath: string | null): this {
    return this.#set("kernel", string(kernelPath));
  }

  /** Path on the device. */
  setInitrdPath(initrdPath: string | null): this {
    return this.#set("initrd", string(initrdPath));
  }

  /** Firmware, as a path on the device. Without it and without a kernel Android takes its own U-Boot. */
  setBootloaderPath(bootloaderPath: string | null): this {
    return this.#set("bootloader", string(bootloaderPath));
  }

  /** For the kernel's command line. */
  addParam(param: string): this {
    this.#params.push(param);
    return this;
  }

  addDisk(disk: Disk): this {
    this.#disks.push(disk);
    return this;
  }

  /** Since 16. */
  addSharedPath(sharedPath: SharedPath): this {
    this.#apart = { ...this.#apart, sharedPaths: [...this.#apart.sharedPaths, sharedPath] };
    return this;
  }

  setDisplayConfig(config: DisplayConfig | null): this {
    return this.#setPart("display_config", config && displayEntries(config));
  }

  setGpuConfig(config: GpuConfig | null): this {
    return this.#setPart("gpu", config && gpuEntries(config));
  }

  /** Since 16. */
  setAudioConfig(config: AudioConfig | null): this {
    return this.#setPart(
      "audio_config",
      config && [
        ["use_microphone", boolean(config.useMicrophone())],
        ["use_speaker", boolean(config.useSpeaker())],
      ],
    );
  }

  /** Since 16. */
  setUsbConfig(config: UsbConfig | null): this {
    return this.#setPart("usb_config", config && [["use_controller", boolean(config.getUsbController())]]);
  }

  useTouch(touch: boolean): this {
    return this.#set("touch", boolean(touch));
  }

  useKeyboard(keyboard: boolean): this {
    return this.#set("keyboard", boolean(keyboard));
  }

  useMouse(mouse: boolean): this {
    return this.#set("mouse", boolean(mouse));
  }

  /** Since 16. */
  useSwitches(switches: boolean): this {
    this.#apart = { ...this.#apart, switches };
    return this.#set("switches", boolean(switches));
  }

  /** Since 16. */
  useTrackpad(trackpad: boolean): this {
    return this.#set("trackpad", boolean(trackpad));
  }

  /** Since 16. */
  useNetwork(network: boolean): this {
    return this.#set("network", boolean(network));
  }

  /** Since 16. */
  useAutoMemoryBalloon(autoMemoryBalloon: boolean): this {
    return this.#set("auto_memory_balloon", boolean(autoMemoryBalloon));
  }

  /** As config.xml has it, and beside it what that does not have. */
  protected collected(): { readonly bundle: Bundle; readonly apart: AskedApart } {
    const bundle = new Map<string, BundleValue>([
      ...this.#entries,
      ["params", strings(this.#params)],
      ["disk_writables", booleans(this.#disks.map((disk) => disk.isWritable()))],
      ["disk_images", strings(this.#disks.map((disk) => disk.getImagePath() ?? ""))],
      ...this.#disks.flatMap((disk, at) => partitionEntries(disk, at)),
    ]);
    return { bundle, apart: this.#apart };
  }

  #set(key: string, value: BundleValue): this {
    this.#entries.set(key, value);
    return this;
  }

  #setPart(key: string, entries: readonly Entry[] | null): this {
    return this.#set(key, entries ? { type: "bundle", entries: new Map(entries) } : { type: "null" });
  }
}

function partitionEntries(disk: Disk, at: number): readonly Entry[] {
  const partitions = disk.getPartitions();
  return [
    [`partition_labels_${at}`, strings(partitions.map(({ name }) => name))],
    [`partition_images_${at}`, strings(partitions.map(({ imagePath }) => imagePath))],
    [`partition_writables_${at}`, booleans(partitions.map(({ writable }) => writable))],
    [`partition_guids_${at}`, strings(partitions.map(({ guid }) => guid ?? ""))],
  ];
}

function displayEntries(config: DisplayConfig): readonly Entry[] {
  return [
    ["width", int(config.getWidth())],
    ["height", int(config.getHeight())],
    ["horizontal_dpi", int(config.getHorizontalDpi())],
    ["vertical_dpi", int(config.getVerticalDpi())],
    ["refresh_rate", int(config.getRefreshRate())],
  ];
}

function gpuEntries({ settings }: GpuConfig): readonly Entry[] {
  const { contextTypes } = settings;
  return [
    ["backend", string(settings.backend)],
    ["pci_address", string(settings.pciAddress)],
    ["renderer_features", string(settings.rendererFeatures)],
    ["context_types", contextTypes ? strings(contextTypes) : { type: "null" }],
    ["renderer_use_egl", boolean(settings.rendererUseEgl ?? false)],
    ["renderer_use_gles", boolean(settings.rendererUseGles ?? false)],
    ["renderer_use_glx", boolean(settings.rendererUseGlx ?? false)],
    ["renderer_use_surfaceless", boolean(settings.rendererUseSurfaceless ?? false)],
    ["renderer_use_vulkan", boolean(settings.rendererUseVulkan ?? false)],
  ];
}

const int = (value: number): BundleValue => ({ type: "int", value });
const boolean = (value: boolean): BundleValue => ({ type: "boolean", value });
const strings = (items: readonly string[]): BundleValue => ({ type: "string-array", items });
const booleans = (items: readonly boolean[]): BundleValue => ({ type: "boolean-array", items: items.map(String) });

function string(value: string | null | undefined): BundleValue {
  return value === null || value === undefined ? { type: "null" } : { type: "string", value };
}
