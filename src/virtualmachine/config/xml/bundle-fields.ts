/** Typed access to a bundle, as BaseBundle.java does it: what is missing or of another type reads as its default. */
import type { Bundle, BundleValue } from "./persistable-bundle.js";

export interface BundleReader {
  string(key: string): string | undefined;
  int(key: string): number;
  long(key: string): bigint;
  boolean(key: string, fallback?: boolean): boolean;
  strings(key: string): readonly string[];
  /** Undefined where there is none, which is not the same as an empty one. */
  stringArray(key: string): readonly string[] | undefined;
  /** Whether it says more items than it has. */
  hasNulls(key: string): boolean;
  booleanArray(key: string): readonly string[] | undefined;
  bundle(key: string): Bundle | undefined;
}

export function bundleReader(bundle: Bundle): BundleReader {
  function get<T extends BundleValue["type"]>(key: string, type: T): Extract<BundleValue, { type: T }> | undefined {
    const value = bundle.get(key);
    return value?.type === type ? (value as Extract<BundleValue, { type: T }>) : undefined;
  }
  const array = (key: string, type: "string-array" | "boolean-array"): readonly string[] | undefined => {
    const value = bundle.get(key);
    return value?.type === type ? value.items : undefined;
  };
  return {
    string: (key) => get(key, "string")?.value,
    int: (key) => get(key, "int")?.value ?? 0,
    long: (key) => get(key, "long")?.value ?? 0n,
    boolean: (key, fallback = false) => get(key, "boolean")?.value ?? fallback,
    strings: (key) => array(key, "string-array") ?? [],
    stringArray: (key) => array(key, "string-array"),
    hasNulls: (key) => {
      const value = bundle.get(key);
      return value?.type === "string-array" && value.hasNulls === true;
    },
    booleanArray: (key) => array(key, "boolean-array"),
    bundle: (key) => get(key, "bundle")?.entries,
  };
}
