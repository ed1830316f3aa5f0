/** The installed device package, checked: whole, of this version, made of the same sources. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DEVICE_PACKAGE, devicePackageFolder } from "../../base/device-package.js";
import { InfrastructureError } from "../../base/errors.js";
import { packageRoot } from "../../base/paths.js";
import { quoted } from "../../base/text/quoted.js";
import { sourcesKey } from "../image/key.js";
import type { PackageFile } from "../packages/unpack.js";
import { DEVICE_DATA, DEVICE_INDEX, parseDeviceIndex, type DeviceIndex } from "./device-index.js";

export interface DevicePackage {
  readonly folder: string;
  readonly version: string;
  /** Debian's packages that it was made of. */
  readonly packages: readonly PackageFile[];
  readonly index: DeviceIndex;
}

/**
 * Undefined when none is installed.
 * @throws InfrastructureError for one that cannot be used here
 */
export async function findDevicePackage(
  folder: string | undefined = devicePackageFolder(),
): Promise<DevicePackage | undefined> {
  if (folder === undefined) return undefined;
  const { version: wanted } = await describe(packageRoot);
  const { version, systems } = await describe(folder).catch((error: unknown) => {
    throw damaged(folder, wanted, "no valid package.json", error);
  });
  const again = `npm install --save-dev ${DEVICE_PACKAGE}@${wanted}`;
  if (version !== wanted) {
    throw new InfrastructureError(
      "DEVICE_PACKAGE_VERSION",
      `${DEVICE_PACKAGE} ${version} in ${folder} does not fit jest-avf ${wanted}.`,
      { hint: `install the one of the same version: ${again}` },
    );
  }
  if (!systems.includes(SYSTEM)) {
    throw new InfrastructureError(
      "DEVICE_PACKAGE_VERSION",
      `${DEVICE_PACKAGE} ${version} in ${folder} is for ${systems.join(", ") || "no system"}; this is ${SYSTEM}.`,
      { hint: `install it on this machine, with npm: rm -r ${quoted(folder)} && ${again}` },
    );
  }
  const index = await readIndex(folder, version);
  if (index.sources !== sourcesKey()) {
    throw new InfrastructureError(
      "DEVICE_PACKAGE_SOURCES",
      `${DEVICE_PACKAGE} ${version} in ${folder} was made of other sources than this jest-avf ${wanted}.`,
      { hint: "pack both from one checkout (npm pack, npm run pack:device -- OUT), or remove the device package" },
    );
  }
  return { folder, version, packages: index.packages, index };
}

/** @throws InfrastructureError when its data were cut short; whether they are right shows when they are unpacked */
export async function requireWhole({ folder, version, index }: DevicePackage): Promise<void> {
  const size = await stat(join(folder, DEVICE_DATA)).then(
    (status) => status.size,
    () => undefined,
  );
  if (size === index.data.bytes) return;
  const seen = size === undefined ? "is missing" : `has ${size} bytes instead of ${index.data.bytes}`;
  throw damaged(folder, version, `${DEVICE_DATA} ${seen}`);
}

/** @param what is wrong with it */
export function damaged(folder: string, version: string, what: string, cause?: unknown): InfrastructureError {
  return new InfrastructureError("DEVICE_PACKAGE_DAMAGED", `${DEVICE_PACKAGE} in ${folder} is damaged: ${what}.`, {
    cause,
    hint: `reinstall it: rm -r ${quoted(folder)} && npm install --save-dev ${DEVICE_PACKAGE}@${version}`,
  });
}

async function readIndex(folder: string, version: string): Promise<DeviceIndex> {
  try {
    return parseDeviceIndex(await readFile(join(folder, DEVICE_INDEX), "utf8"));
  } catch (error) {
    throw damaged(folder, version, "no valid index", error);
  }
}

interface Description {
  readonly version: string;
  /** E.g. `linux x64`. */
  readonly systems: readonly string[];
}

const SYSTEM = `${process.platform} ${process.arch}`;

async function describe(folder: string): Promise<Description> {
  const text = await readFile(join(folder, "package.json"), "utf8");
  const { version, os, cpu } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const [systems, processors] = [os, cpu].map((list) => (Array.isArray(list) ? list.map(String) : []));
  return {
    version: typeof version === "string" ? version : "of no version",
    systems: systems?.flatMap((system) => processors?.map((processor) => `${system} ${processor}`) ?? []) ?? [],
  };
}
