/** Typed access to a bundle, as BaseBundle.java does it: what is missing or of another type reads as its default. */
import type { Bundle, BundleValue } from "./persistable-bundle.js";

export interface BundleReader {
  string(key: string): string | undefined;
  int(key: string): number;
  long(key: string): bigint;
  boolean(key: string): boolean;
  strings(key: string): readonly string[];
  bundle(key: string): Bundle | undefined;
}

export function bundleReader(bundle: Bundle): BundleReader {
  function get<T extends BundleValue["type"]>(key: string, type: T): Extract<BundleValue, { type: T }> | undefined {
    const value = bundle.get(key);
    return value?.type === type ? (value as Extract<BundleValue, { type: T }>) : undefined;
  }
  return {
    string: (key) => get(key, "string")?.value,
    int: (key) => get(key, "int")?.value ?? 0,
    long: (key) => get(key, "long")?.value ?? 0n,
    boolean: (key) => get(key, "boolean")?.value ?? false,
    strings: (key) => {
      const value = bundle.get(key);
      return value?.type === "string-array" ? value.items : [];
    },
    bundle: (key) => get(key, "bundle")?.entries,
  };
}
