/** Which systems the emulated device runs on, and which it can be made on. */
import { readFileSync } from "node:fs";
import { DEVICE_PACKAGE } from "../../base/device-package.js";
import { InfrastructureError } from "../../base/errors.js";

/** Throws unless the device can be set up here: out of the device package on any Linux, out of packages on Debian. */
export function requireSupportedSystem(
  source: "device package" | "debian",
  platform: string = process.platform,
  arch: string = process.arch,
  osRelease: string = readOsRelease(),
  crosvm = process.env["AVF_CROSVM"],
): void {
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(osRelease)?.[1] ?? "";
  const seen = `${platform} ${arch}, ${field("PRETTY_NAME") || "no /etc/os-release"}`;
  if (platform !== "linux" || arch !== "x64") {
    throw new InfrastructureError("UNSUPPORTED_SYSTEM", `The emulated device needs Linux on x86-64; this is ${seen}.`, {
      hint: "use such a machine, or a real device: ANDROID_SERIAL=<serial> npm test",
    });
  }
  if (source === "device package" || isDebian(field("ID"), field("VERSION_ID"))) return;
  throw new InfrastructureError(
    "UNSUPPORTED_SYSTEM",
    `The emulated device can be made on Debian 12 or later only; this is ${seen}.`,
    {
      hint:
        (crosvm ? "unset AVF_CROSVM, which only becomes part of a device that is made here; " : "") +
        `get it ready made: npm install --save-dev ${DEVICE_PACKAGE} (\`npm run pack:device -- OUT\` of a clone of ` +
        "jest-avf makes that package on Debian), or use a real device: ANDROID_SERIAL=<serial> npm test",
    },
  );
}

/** Testing and unstable have no number. */
function isDebian(id: string, version: string): boolean {
  return id === "debian" && (version === "" || Number.parseInt(version, 10) >= 12);
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}
