/** Codes of failures that are about VMs of their own kernel, and the files that these boot. */
export type CustomVmErrorCode =
  | "BAD_IMAGE_FILE"
  | "CUSTOM_VM"
  | "IMAGE_TOO_LARGE"
  | "INITRAMFS_FILE"
  | "INITRAMFS_PATH"
  | "KERNEL_ARCHITECTURE"
  | "ROOT_DISK";
