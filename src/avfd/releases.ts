/** The Android releases whose tools this device can speak like. */

export type AndroidRelease = 13 | 15;

export const DEFAULT_RELEASE: AndroidRelease = 15;

export const SDK_OF_RELEASE: Readonly<Record<AndroidRelease, number>> = { 13: 33, 15: 35 };

export function isAndroidRelease(value: unknown): value is AndroidRelease {
  return value === 13 || value === 15;
}
