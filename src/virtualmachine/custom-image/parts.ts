/** Parts of a custom image. Mirrors the classes within VirtualMachineCustomImageConfig of Android 15 and 16. */
import { IllegalStateException } from "../errors.js";

/** A disk: an image, or since Android 16 partitions that become one. Null for an image: it has partitions. */
export class Disk {
  readonly #partitions: Partition[] = [];

  private constructor(
    private readonly imagePath: string | null,
    private readonly writable: boolean,
  ) {}

  static RWDisk(imagePath: string | null): Disk {
    return new Disk(imagePath, true);
  }

  static RODisk(imagePath: string | null): Disk {
    return new Disk(imagePath, false);
  }

  isWritable(): boolean {
    return this.writable;
  }

  getImagePath(): string | null {
    return this.imagePath;
  }

  /** Since 16. */
  addPartition(partition: Partition): this {
    this.#partitions.push(partition);
    return this;
  }

  /** Since 16. */
  getPartitions(): readonly Partition[] {
    return [...this.#partitions];
  }
}

/** Since 16. */
export class Partition {
  constructor(
    readonly name: string,
    readonly imagePath: string,
    readonly writable: boolean,
    readonly guid: string | null,
  ) {}
}

interface DisplaySize {
  readonly width: number;
  readonly height: number;
  readonly horizontalDpi?: number;
  readonly verticalDpi?: number;
  readonly refreshRate?: number;
}

export class DisplayConfig {
  readonly #size: Required<DisplaySize>;

  /** @throws IllegalStateException */
  constructor({ width, height, horizontalDpi = 0, verticalDpi = 0, refreshRate = 0 }: DisplaySize) {
    if (width === 0 || height === 0) throw new IllegalStateException("width and height must be specified");
    this.#size = { width, height, horizontalDpi, verticalDpi, refreshRate };
  }

  getWidth(): number {
    return this.#size.width;
  }

  getHeight(): number {
    return this.#size.height;
  }

  getHorizontalDpi(): number {
    return this.#size.horizontalDpi;
  }

  getVerticalDpi(): number {
    return this.#size.verticalDpi;
  }

  getRefreshRate(): number {
    return this.#size.refreshRate;
  }
}

interface GpuSettings {
  readonly backend?: string;
  readonly contextTypes?: readonly string[];
  readonly pciAddress?: string;
  readonly rendererFeatures?: string;
  readonly rendererUseEgl?: boolean;
  readonly rendererUseGles?: boolean;
  readonly rendererUseGlx?: boolean;
  readonly rendererUseSurfaceless?: boolean;
  readonly rendererUseVulkan?: boolean;
}

export class GpuConfig {
  constructor(readonly settings: GpuSettings) {}
}

/** Since 16. */
export class AudioConfig {
  constructor(
    private readonly microphone: boolean,
    private readonly speaker: boolean,
  ) {}

  useMicrophone(): boolean {
    return this.microphone;
  }

  useSpeaker(): boolean {
    return this.speaker;
  }
}

/** Since 16. */
export class UsbConfig {
  constructor(private readonly controller: boolean) {}

  getUsbController(): boolean {
    return this.controller;
  }
}

/** Since 16: a folder of the device that the guest mounts by its tag. Android does not write it into config.xml. */
export class SharedPath {
  constructor(
    readonly path: string,
    readonly tag: string,
  ) {}

  getSharedPath(): string {
    return this.path;
  }

  getTag(): string {
    return this.tag;
  }
}
