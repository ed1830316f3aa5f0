/** Files of a finished image, by name in its folder. */
export const IMAGE_FILES = {
  kernel: "kernel",
  initrd: "initrd.img",
  root: "root.img",
  data: "data.img",
  /** A folder: QEMU and adb for the host. */
  emulator: "emulator",
} as const;
