/** From APKs on the host, or an AndroidTest.xml, to installed apps with their idsig files on the device. */
export { checkFiles } from "./check-files.js";
export { provision, type Provisioned, type ProvisionRequest } from "./provision.js";
export { DATA_ROOT, IDSIG_FOLDER, type ProvisionedApp } from "./install-app.js";
export { imageStore, IMAGES_FOLDER, type ImageStore } from "./boot-images/image-store.js";
export { findFiles } from "./glob.js";
export { sweepProvisioned } from "./undo/sweep.js";
export type { VmNotes } from "./undo/vm-notes.js";
