/** `adb root`: as whom init is to start adbd (client/adbd/adbd-root.c, emulator/image/init.sh). */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { PropertyStore } from "../properties/property-store.js";

/** As on a phone, adbd keeps to this from its next start on; the property counts in a debuggable build only. */
export function followAdbRoot(properties: PropertyStore, path: string): void {
  properties.onChange("service.adb.root", (value) => {
    const isRoot = value === "1" && properties.get("ro.debuggable") === "1";
    mkdirSync(dirname(path), { recursive: true });
    // Before `setprop` ends: adbd looks at it right after.
    writeFileSync(path, isRoot ? "root\n" : "shell\n", { mode: 0o644 });
  });
}
