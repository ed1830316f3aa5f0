import type { RemovalRow } from "./row.js";

export const images: readonly RemovalRow[] = [
  {
    file: "src/emulator/image/build.ts",
    calls: [
      "rm(draft, { recursive: true, force: true })",
      "rm(rootFolder, { recursive: true })",
      "rm(workFolder, { recursive: true })",
      "rm(draft, { recursive: true, force: true })",
    ],
    touches: "an image that is being made",
    ours: "the draft bears the life of this process, and the others lie in it",
    proof: { chance: "draft" },
  },
  {
    file: "src/emulator/image/vmlinux.ts",
    calls: ["rm(folder, { recursive: true, force: true })"],
    touches: "a temporary folder",
    ours: "it was made here, with a name of chance",
    proof: { chance: "folder" },
  },
  {
    file: "src/guest/ext4.ts",
    calls: ["rm(imagePath, { force: true })", "rm(script)"],
    touches: "an image that is being made, and the script that makes it",
    ours: "both lie in the draft of an image",
    proof: { test: "src/guest/image.test.ts", title: "are three files, and nothing half-written is left" },
  },
  {
    file: "src/guest/image.ts",
    calls: ['rename(temporaryImage, join(outFolder, "microdroid_system.img"))', "rm(temporaryImage, { force: true })"],
    touches: "the guest's system disk in the draft of an image",
    ours: "the draft bears the life of this process",
    proof: { test: "src/guest/image.test.ts", title: "are three files, and nothing half-written is left" },
  },
  {
    file: "src/guest/system-image.ts",
    calls: ["rm(this.root, { recursive: true, force: true })"],
    touches: "the tree of the guest's system disk",
    ours: "it lies in the draft of an image",
    proof: { test: "src/guest/image.test.ts", title: "are three files, and nothing half-written is left" },
  },
];
