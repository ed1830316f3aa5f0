/** `test` for suites that bring APKs of their own. */
import { test as base } from "jest-avf";

/** APKs on the device that tests may change, as installed ones cannot be. */
export interface ApkShelf {
  /** On the device; removed after the test. */
  readonly folder: string;
  /** Puts an APK there, replacing one of that name, and returns its path. */
  put(name: string, apk: Uint8Array): Promise<string>;
}

export const test = base.extend<{ readonly shelf: ApkShelf }>({
  shelf: async ({ device, app }, use) => {
    const folder = `${app.context.dataFolder}/apks`;
    await device.exec(["mkdir", "-p", folder]);
    try {
      await use({
        folder,
        put: async (name, apk) => {
          await device.push(apk, `${folder}/${name}.apk`);
          return `${folder}/${name}.apk`;
        },
      });
    } finally {
      await device.exec(["rm", "-rf", folder]);
    }
  },
});
