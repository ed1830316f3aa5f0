/** Installing and removing packages. An APK is copied into a staging folder, checked there, and then renamed. */
import { chmod, mkdir, open, rename, rm } from "node:fs/promises";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AsyncLock } from "../../base/async/async-lock.js";
import { openFileSource } from "../../apk/index.js";
import type { DevicePaths } from "../device-paths.js";
import { errnoOf } from "../errno.js";
import { constants } from "node:os";
import type { LogBuffer } from "../log/log-buffer.js";
import { checkApk, checkUpdate, InstallError, type DeviceTraits, type InstallOptions } from "./install-checks.js";
import type { PackageRecord } from "./package-record.js";
import type { PackageStore } from "./package-store.js";

const APP_FOLDER = "/data/app";
const STAGING = /^vmdl\d+\.tmp$/;

/** Bytes of an APK as they come. */
export type ApkBytes = AsyncIterable<Buffer>;

/** An APK on its way in: filled piece by piece, then committed once. */
export interface StagedApk {
  write(bytes: ApkBytes): Promise<number>;
  commit(options: InstallOptions): Promise<PackageRecord>;
  abandon(): Promise<void>;
}

export class Installer {
  #lastStaging = 0;
  /** Two installs of one package must not interleave. */
  readonly #turns = new AsyncLock();

  constructor(
    private readonly paths: DevicePaths,
    private readonly packages: PackageStore,
    private readonly log: LogBuffer,
    private readonly traits: () => DeviceTraits,
  ) {
    this.#sweep();
  }

  async stage(): Promise<StagedApk> {
    const folder = this.paths.resolve(join(APP_FOLDER, `vmdl${++this.#lastStaging}.tmp`));
    const file = join(folder, "base.apk");
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const abandon = (): Promise<void> => rm(folder, { recursive: true, force: true });
    return {
      write: (bytes) => receive(file, bytes),
      commit: async (options) => {
        return this.#turns.run(() => this.#commit(file, options)).finally(abandon);
      },
      abandon,
    };
  }

  /** False when it is not installed. The package's data goes with it. */
  async uninstall(name: string): Promise<boolean> {
    const record = this.packages.get(name);
    if (record?.codePath === undefined) return false;
    await this.packages.remove(name);
    for (const folder of [join(APP_FOLDER, name), join("/data/user/0", name), join("/data/user_de/0", name)]) {
      await rm(this.paths.resolve(folder), { recursive: true, force: true });
    }
    this.log.write("I", "PackageManager", `Removed package ${name}`);
    return true;
  }

  async #commit(file: string, options: InstallOptions): Promise<PackageRecord> {
    const source = await openFileSource(file).catch(() => {
      throw new InstallError("INSTALL_FAILED_INVALID_APK", "the session has no base.apk");
    });
    const checked = await checkApk(source, options, this.traits()).finally(() => source.close());
    const { manifest, signerDigests } = checked;
    const installed = this.packages.get(manifest.packageName);
    checkUpdate(checked, installed, options);
    // The name was checked to be a package name when the manifest was read.
    const codePath = join(APP_FOLDER, manifest.packageName, "base.apk");
    const target = this.paths.resolve(codePath);
    await mkdir(join(target, ".."), { recursive: true, mode: 0o755 });
    await chmod(file, 0o644);
    await rename(file, target);
    const now = Date.now();
    const kept = installed?.grantedPermissions.filter((one) => manifest.permissions.includes(one)) ?? [];
    const record: PackageRecord = {
      name: manifest.packageName,
      versionCode: manifest.versionCode,
      versionName: manifest.versionName,
      codePath,
      uid: installed?.uid ?? this.packages.allocateUid(),
      system: false,
      requestedPermissions: manifest.permissions,
      grantedPermissions: options.grantPermissions ? manifest.permissions : kept,
      signerDigests,
      targetSdk: manifest.targetSdk,
      debuggable: manifest.debuggable,
      testOnly: manifest.testOnly,
      firstInstallEpochMs: installed?.firstInstallEpochMs ?? now,
      lastUpdateEpochMs: now,
    };
    await this.packages.put(record);
    this.log.write("I", "PackageManager", `Installed ${record.name} version ${record.versionCode} as ${codePath}`);
    return record;
  }

  /** What an install that was cut short left behind. */
  #sweep(): void {
    const folder = this.paths.resolve(APP_FOLDER);
    try {
      for (const name of readdirSync(folder).filter((entry) => STAGING.test(entry))) {
        rmSync(join(folder, name), { recursive: true, force: true });
      }
    } catch {
      // No package was ever installed.
    }
  }
}

async function receive(path: string, bytes: ApkBytes): Promise<number> {
  const file = await open(path, "w", 0o600);
  try {
    let size = 0;
    for await (const piece of bytes) {
      await file.writeFile(piece);
      size += piece.length;
    }
    await file.sync();
    return size;
  } catch (error) {
    if (errnoOf(error) === constants.errno.ENOSPC) {
      throw new InstallError("INSTALL_FAILED_INSUFFICIENT_STORAGE", "No space left on the device");
    }
    throw error;
  } finally {
    await file.close();
  }
}
