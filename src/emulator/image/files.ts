/** Files of a finished image, by name in its folder. */
export const IMAGE_FILES = {
  kernel: "kernel",
  initrd: "initrd.img",
  root: "root.img",
  data: "data.img",
  /** For VMs of `avf run --exec`: their first process, and a shell for those that bring none. */
  execInit: "exec-init",
  busybox: "busybox",
  /** A folder: QEMU and adb for the host. */
  emulator: "emulator",
} as const;
