/** Where things lie on the device. Everything is under one root, so that tests can have a device in a folder. */
import { join } from "node:path";

/** Has a folder for each VM, by CID. */
export const SERVICE_FOLDER = "/data/misc/virtualizationservice";
/** Where Android's virt APEX has Microdroid's images. */
export const GUEST_IMAGES = "/apex/com.android.virt/etc/fs";
/** Where Android's adbd has the keys that it knows; client/adbd/adbd-auth.c knows it as well. */
export const ADB_KEYS = "/data/misc/adb/adb_keys";
/** `root` or `shell`: as whom init starts adbd. client/adbd/adbd-root.c knows it as well. */
export const ADBD_USER = "/run/avfd/adbd.user";
/** Where Android's virt APEX has it. */
export const CROSVM = "/apex/com.android.virt/bin/crosvm";
/** SHA-256 of it, written when the image was made. */
export const CROSVM_DIGEST = "/apex/com.android.virt/etc/crosvm.sha256";

/** Where avfd listens for the device's commands; client/avfdc.c knows it as well. */
export const SERVICE_SOCKET = "/dev/socket/avfd";

export interface DevicePaths {
  readonly root: string;
  /** Unix socket that `avfdc` connects to. */
  readonly socket: string;
  /** Channel to the emulator; undefined where there is none. */
  readonly control: string | undefined;
  /** Runs the C helpers from here. */
  readonly devctl: string;
  readonly vsockd: string;
  /** Pipe that adbd writes its messages to; init makes it. */
  readonly adbdLog: string;
  /** Loaded from here. */
  readonly kernelModule: string;
  /** Turns a path of the device into one for us. */
  resolve(devicePath: string): string;
}

/** `AVFD_ROOT`, `AVFD_SOCKET`, `AVFD_CONTROL` move the root folder, the socket and the control channel. */
export function devicePaths(environment: NodeJS.ProcessEnv): DevicePaths {
  const root = environment["AVFD_ROOT"] ?? "/";
  const resolve = (devicePath: string): string => join(root, devicePath);
  return {
    root,
    socket: environment["AVFD_SOCKET"] ?? resolve(SERVICE_SOCKET),
    control: environment["AVFD_CONTROL"] ?? resolve("/dev/virtio-ports/avf.control"),
    devctl: resolve("/system/avfd/devctl"),
    kernelModule: resolve("/system/avfd/kernel.node"),
    adbdLog: resolve("/run/avfd/adbd.log"),
    vsockd: resolve("/apex/com.android.virt/bin/vsockd"),
    resolve,
  };
}
