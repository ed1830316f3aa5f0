/** Random custom images, as the XML of their bundles: what each release knows, and what is not quite that. */
import { traitsOf, type AndroidRelease } from "../src/base/android-release.js";
import { writeBundle, type BundleValue } from "../src/virtualmachine/config/xml/persistable-bundle.js";
import type { Random } from "./random.js";

export function customImageXml(random: Random, release: AndroidRelease, mayBeEmpty = false): string {
  return writeBundle(
    new Map([["name", { type: "string", value: "n" }], ...customImageEntries(random, release, mayBeEmpty)]),
  );
}

type Entry = readonly [string, BundleValue];

function customImageEntries(random: Random, release: AndroidRelease, mayBeEmpty: boolean): readonly Entry[] {
  const traits = traitsOf(release).library.customImage;
  if (!traits) return [];
  const string = (): BundleValue => ({ type: "string", value: random.pick(["a", "", "/data/x.img", "ü&<"]) });
  const boolean = (): BundleValue => ({ type: "boolean", value: random.chance(0.5) });
  const strings = (count = random.below(3)): BundleValue => ({
    type: "string-array",
    items: random.times(count, (at) => `s${at}`),
  });
  const booleans = (count: number): BundleValue => ({
    type: "boolean-array",
    items: random.times(count, () => String(random.chance(0.5))),
  });
  const bundle = (entries: readonly Entry[]): BundleValue => ({
    type: "bundle",
    entries: new Map(filled(kept(entries), entries)),
  });
  // An empty bundle in a bundle cannot be read again; files have them, builders do not get them.
  const filled = (some: readonly Entry[], all: readonly Entry[]): readonly Entry[] =>
    some.length > 0 || mayBeEmpty ? some : all.slice(0, 1);
  const kept = (entries: readonly Entry[]): readonly Entry[] => entries.filter(() => random.chance(0.75));
  const size = (): BundleValue => ({ type: "int", value: random.pick([0, 1, 640, -1]) });
  const disks = random.below(3);
  const parts: Readonly<Record<string, () => readonly Entry[]>> = {
    display_config: () => ["width", "height", "horizontal_dpi", "refresh_rate"].map((key) => [key, size()] as const),
    gpu: () => [
      ["backend", string()],
      ["context_types", strings()],
      ["renderer_use_egl", boolean()],
      ["pci_address", string()],
    ],
    audio_config: () => [
      ["use_microphone", boolean()],
      ["use_speaker", boolean()],
    ],
    usb_config: () => [["use_controller", boolean()]],
    smbios: () => [
      ["bios_vendor", string()],
      ["uuid", string()],
      ["oem_strings", strings()],
    ],
  };
  const partitions = random.times(disks, (disk): readonly Entry[] => {
    const count = random.below(3);
    // Nearly always as many of each: other results depend on Java itself.
    return random.chance(0.9)
      ? [
          [`partition_labels_${disk}`, strings(count)],
          [`partition_images_${disk}`, strings(count)],
          [`partition_writables_${disk}`, booleans(count)],
          [`partition_guids_${disk}`, strings(count)],
        ]
      : [];
  });
  return [
    ...kept([
      ...[...traits.strings, "foreign"].map((key) => [key, string()] as const),
      ...[...traits.booleans, ...traits.unreadBooleans].map((key) => [key, boolean()] as const),
      ...[...traits.stringArrays, "params"].map((key) => [key, strings()] as const),
      ["disk_ids", strings()],
      ...[...traits.bundles].map((key) => [key, bundle(parts[key]?.() ?? [])] as const),
    ]),
    ...(random.chance(0.7)
      ? ([
          ["disk_images", strings(disks)],
          ["disk_writables", booleans(disks)],
        ] as const)
      : []),
    ...(traits.disks === "images" ? [] : partitions.flat()),
  ];
}
