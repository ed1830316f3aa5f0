/** The programs of the host in place of those of the packages, for tests of what uses them. */
import type { BuildTools } from "../programs/build-tools.js";

export const HOST_BUILD_TOOLS: BuildTools = {
  gcc: "gcc",
  objcopy: "objcopy",
  readelf: "readelf",
  mke2fs: "mke2fs",
  debugfs: "debugfs",
  xz: "xz",
  zstd: "zstd",
  toybox: "toybox",
};
