/** What VMs of their own kernel boot: archives that are made, files that are looked at. */
export { buildInitramfs, type InitramfsFile, type InitramfsOptions } from "./initramfs/initramfs.js";
export { lookAtDisk } from "./boot-files/disk.js";
export { lookAtInitrd } from "./boot-files/initrd.js";
export { lookAtKernel, type KernelFile, type KernelKind } from "./boot-files/kernel.js";
export { folderFiles } from "./initramfs/folder-files.js";
