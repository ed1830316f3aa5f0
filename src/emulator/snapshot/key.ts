/** What a saved state is bound to, beside the image: the machine it was taken of, the QEMU and the CPU that ran it. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cpuIdentity } from "../accelerator/host-kvm.js";
import { counterSpeed } from "../accelerator/counter-speed.js";
import { buildMachineArguments, type Accelerator, type DeviceCpus } from "../machine/arguments.js";

/**
 * E.g. `tcg-1f2e3d4c`. Another machine, another QEMU, another way of saving or another speed of the host's time stamp counter
 * gives another name.
 */
export function snapshotKey(
  accelerator: Accelerator,
  cpus: DeviceCpus,
  emulatorVersion: string,
  counter = counterSpeed(),
): string {
  const hash = createHash("sha256");
  const paths = { imageFolder: "", dataDisk: "", memoryFile: "", serialLog: "" };
  const machine = {
    emulator: [emulatorVersion],
    ...{ accelerator, cpus },
    ...paths,
    adbPort: 0,
    keepData: false,
    memoryShared: false,
    incoming: true,
  };
  hash.update(buildMachineArguments(machine).join("\0"));
  for (const name of ["save.js", "state.js", "personalize.js", "rehearse.js", "../machine/device-state.js"])
    hash.update(readFileSync(join(__dirname, name)));
  hash.update(`\0${counter}`);
  if (accelerator === "kvm") hash.update(`\0${cpuIdentity()}`);
  return `${accelerator}-${hash.digest("hex").slice(0, 8)}`;
}
