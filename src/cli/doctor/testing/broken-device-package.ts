/** Projects with a package jest-avf-device that cannot be used, and systems without one. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../../../base/paths.js";
import { DEVICE_DATA, DEVICE_INDEX, deviceIndex } from "../../../emulator/source/device-index.js";
import { folder, MAIN, type Machine } from "./broken-machine.js";

interface Package {
  /** Its package.json. */
  readonly description: string;
  readonly index: string;
  readonly data: string;
}

/** @param spoil changes what would be a whole package of one file */
export function withDevicePackage(spoil: (whole: Package) => Package): Machine {
  const project = folder();
  const path = join(project, "node_modules/jest-avf-device");
  mkdirSync(path, { recursive: true });
  const { description, index, data } = spoil(wholePackage());
  writeFileSync(join(path, "package.json"), description);
  writeFileSync(join(path, DEVICE_INDEX), index);
  writeFileSync(join(path, DEVICE_DATA), data);
  return { project };
}

/** @param otherSources what it was made of, in place of what the command itself is made of */
export function wholePackage(otherSources?: string): Package {
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    readonly version: string;
  };
  // The command runs what was built, whose name for an image is another one than that of the sources.
  const { sourcesKey } = createRequire(MAIN)("../emulator/image/key.js") as { readonly sourcesKey: () => string };
  const packages = [{ file: "qemu-system-x86_1%3a10.0_amd64.deb", sha256: "" }];
  const data = { bytes: 1000, sha256: "" };
  const files = [{ path: "kernel", executable: false, runs: [["data", 1000] as const] }];
  const index = deviceIndex({ sources: otherSources ?? sourcesKey(), packages, digest: "", data, files });
  return {
    description: JSON.stringify({ name: "jest-avf-device", version, os: ["linux"], cpu: ["x64"] }),
    index: JSON.stringify(index),
    data: "x".repeat(1000),
  };
}

/** It calls itself so, whatever the test runs on. */
export function systemOf(osRelease: string): Machine {
  const file = join(folder(), "os-release");
  writeFileSync(file, osRelease);
  return { mount: `/bin/mount --bind ${file} /etc/os-release` };
}
