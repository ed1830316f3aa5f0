/** The custom image of a config, as its bundle. Mirrors VirtualMachineCustomImageConfig#from and #toPersistableBundle. */
import { bundleReader, type BundleReader } from "./xml/bundle-fields.js";
import { IllegalStateException } from "../errors.js";
import { diskEntries } from "./custom-disks.js";
import { ANDROID_17 } from "../../base/releases/android-17.js";
import type { CustomImageTraits } from "../../base/releases/traits.js";
import type { Bundle, BundleValue } from "./xml/persistable-bundle.js";

const NEWEST = ANDROID_17.library.customImage;

/**
 * What a release makes of it: what it knows, each key written, and in the form in which it is written.
 * @throws IllegalStateException, NullPointerException
 */
export function customImageOf(given: Bundle, traits: CustomImageTraits): Bundle {
  const read = bundleReader(given);
  return new Map<string, BundleValue>([
    ...traits.strings.map((key) => [key, stringOrNull(read.string(key))] as const),
    ...traits.stringArrays.map((key) => [key, arrayOrNull(read.stringArray(key))] as const),
    ["params", strings(read.strings("params"))],
    ...diskEntries(read, traits.disks),
    ...traits.booleans.map((key) => [key, boolean(read.boolean(key))] as const),
    ...traits.unreadBooleans.map((key) => [key, boolean(false)] as const),
    ...traits.bundles.map((key) => [key, partOf(key, read)] as const),
    ...laterEntries(read, traits),
  ]);
}

/** What only later releases know, and is set: a VM that asks for it is refused by name, or gets it. */
function laterEntries(read: BundleReader, traits: CustomImageTraits): Entries {
  const known = new Set([...traits.booleans, ...traits.unreadBooleans, ...traits.bundles]);
  const unknown = (keys: readonly string[]): readonly string[] => keys.filter((key) => !known.has(key));
  return [
    ...unknown(NEWEST.booleans)
      .filter((key) => read.boolean(key))
      .map((key) => [key, boolean(true)] as const),
    ...unknown(NEWEST.bundles)
      .filter((key) => read.bundle(key) !== undefined)
      .map((key) => [key, partOf(key, read)] as const),
  ];
}

/** One that is not there is written as null. */
function partOf(key: string, read: BundleReader): BundleValue {
  const given = read.bundle(key);
  const entriesOf = PARTS[key];
  if (!given || !entriesOf) return { type: "null" };
  return { type: "bundle", entries: new Map(entriesOf(bundleReader(given))) };
}

type Entries = readonly (readonly [string, BundleValue])[];

const PARTS: Readonly<Record<string, (read: BundleReader) => Entries>> = {
  display_config: displayEntries,
  gpu: (read) => [
    ...["backend", "pci_address", "renderer_features"].map((key) => [key, stringOrNull(read.string(key))] as const),
    ["context_types", arrayOrNull(read.stringArray("context_types"))],
    ...["egl", "gles", "glx", "surfaceless", "vulkan"].map((name) => {
      const key = `renderer_use_${name}`;
      return [key, boolean(read.boolean(key))] as const;
    }),
  ],
  audio_config: (read) => ["use_microphone", "use_speaker"].map((key) => [key, boolean(read.boolean(key))] as const),
  usb_config: (read) => [["use_controller", boolean(read.boolean("use_controller"))]],
  smbios: (read) => [
    ...["bios_vendor", "bios_version", "manufacturer", "product_name", "serial_number", "uuid"].map(
      (key) => [key, stringOrNull(read.string(key))] as const,
    ),
    ["oem_strings", strings(read.strings("oem_strings"))],
  ],
};

function displayEntries(read: BundleReader): Entries {
  if (read.int("width") === 0 || read.int("height") === 0) {
    throw new IllegalStateException("width and height must be specified");
  }
  return ["width", "height", "horizontal_dpi", "vertical_dpi", "refresh_rate"].map(
    (key) => [key, { type: "int", value: read.int(key) }] as const,
  );
}

const boolean = (value: boolean): BundleValue => ({ type: "boolean", value });
const strings = (items: readonly string[]): BundleValue => ({ type: "string-array", items });

function stringOrNull(value: string | undefined): BundleValue {
  return value === undefined ? { type: "null" } : { type: "string", value };
}

function arrayOrNull(items: readonly string[] | undefined): BundleValue {
  return items === undefined ? { type: "null" } : strings(items);
}
