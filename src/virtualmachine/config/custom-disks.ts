/** Disks of a custom image: lists that stand side by side, one entry a disk, and from Android 16 on their partitions. */
import { NullPointerException } from "../errors.js";
import type { CustomImageTraits } from "../../base/releases/traits.js";
import type { BundleReader } from "./xml/bundle-fields.js";
import type { BundleValue } from "./xml/persistable-bundle.js";

type Entries = readonly (readonly [string, BundleValue])[];

/** Images and whether they are writable have to be as many, or there is no disk. @throws NullPointerException */
export function diskEntries(read: BundleReader, kind: CustomImageTraits["disks"]): Entries {
  const writables = read.booleanArray("disk_writables");
  const images = read.stringArray("disk_images");
  const count = writables && images && writables.length === images.length ? images.length : 0;
  const disks = count === 0 ? [] : images!;
  const ids = read.stringArray("disk_ids") ?? [];
  return [
    ["disk_writables", { type: "boolean-array", items: count === 0 ? [] : writables! }],
    ["disk_images", strings(disks)],
    ...(kind === "ids" ? [["disk_ids", strings(disks.map((_, at) => ids[at] ?? ""))] as const] : []),
    ...disks.flatMap((_, at) => (kind === "images" && !hasPartitions(read, at) ? [] : partitionEntries(read, at))),
  ];
}

/** The classes of Android 15 know of none, but `vm run` of each release takes them: those that are there are kept as 16 does it. */
function hasPartitions(read: BundleReader, disk: number): boolean {
  return read.strings(`partition_labels_${disk}`).length > 0;
}

/** Android reads labels first and believes that the other lists are as long. */
function partitionEntries(read: BundleReader, disk: number): Entries {
  const [labels, images, guids] = ["labels", "images", "guids"].map((list) =>
    read.stringArray(`partition_${list}_${disk}`),
  );
  const writables = read.booleanArray(`partition_writables_${disk}`);
  const lacks = (list: readonly string[] | undefined, name: string): never => {
    throw new NullPointerException(`partition_${name}_${disk} ${list ? "is too short" : "must not be null"}`);
  };
  if (!labels) return lacks(labels, "labels");
  const count = labels.length;
  const taken = (list: readonly string[] | undefined, name: string): readonly string[] => {
    if (count === 0) return [];
    return list && list.length >= count ? list.slice(0, count) : lacks(list, name);
  };
  return [
    [`partition_labels_${disk}`, strings(labels)],
    [`partition_images_${disk}`, strings(taken(images, "images"))],
    [`partition_writables_${disk}`, { type: "boolean-array", items: taken(writables, "writables") }],
    [`partition_guids_${disk}`, strings(taken(guids, "guids"))],
  ];
}

function strings(items: readonly string[]): BundleValue {
  return { type: "string-array", items };
}
