/** VirtualMachineCallback: methods and codes. */
import { SERVICE_DEATH_REASONS } from "../../base/vm/death-reasons.js";
import { FROM_13, ONLY_15, constant, different, inFile, outOfScope, present } from "./row.js";
import type { Row, Section } from "./row.js";

const output = inFile("lines/output.test.ts");
const ORDER = output("come in order, and onStopped once per run");

/** As Java numbers them; those below 7 came with Android 13. */
const STOP_REASONS = {
  VIRTUALIZATION_SERVICE_DIED: -1,
  INFRASTRUCTURE_ERROR: 0,
  KILLED: 1,
  UNKNOWN: 2,
  SHUTDOWN: 3,
  START_FAILED: 4,
  REBOOT: 5,
  CRASH: 6,
  PVM_FIRMWARE_PUBLIC_KEY_MISMATCH: 7,
  PVM_FIRMWARE_INSTANCE_IMAGE_CHANGED: 8,
  BOOTLOADER_PUBLIC_KEY_MISMATCH: 9,
  BOOTLOADER_INSTANCE_IMAGE_CHANGED: 10,
  MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE: 11,
  MICRODROID_PAYLOAD_HAS_CHANGED: 12,
  MICRODROID_PAYLOAD_VERIFICATION_FAILED: 13,
  MICRODROID_INVALID_PAYLOAD_CONFIG: 14,
  MICRODROID_UNKNOWN_RUNTIME_ERROR: 15,
  HANGUP: 16,
} as const;

export const CALLBACK: Section = {
  title: "VirtualMachineCallback",
  rows: [
    present("onPayloadStarted()", ONLY_15, "VirtualMachineCallback:onPayloadStarted", ORDER),
    different(
      "onPayloadStarted(vm, stream)",
      ["13"],
      "VirtualMachineCallback:onPayloadStarted",
      "without the payload's stream: the `vm` tool of 13 prints it among its own lines, and here it is on the console",
      ORDER,
    ),
    present("onPayloadReady()", FROM_13, "VirtualMachineCallback:onPayloadReady", ORDER),
    present("onPayloadFinished()", FROM_13, "VirtualMachineCallback:onPayloadFinished", ORDER),
    different(
      "onError()",
      FROM_13,
      "VirtualMachineCallback:onError",
      "an unknown code arrives as ERROR_UNKNOWN, together with the device's text",
      output("codes that Java has no name for arrive as UNKNOWN, with what the device said"),
    ),
    different(
      "onStopped()",
      ONLY_15,
      "VirtualMachineCallback:onStopped",
      "an unknown reason arrives as UNKNOWN, as in Java, together with the device's text",
      output("codes that Java has no name for arrive as UNKNOWN, with what the device said"),
    ),
    different("onDied()", ["13"], "VirtualMachineCallback:onStopped", "goes by its later name", ORDER),
    constant("ERROR_UNKNOWN", 0, "ERROR_UNKNOWN", FROM_13),
    constant("ERROR_PAYLOAD_VERIFICATION_FAILED", 1, "ERROR_PAYLOAD_VERIFICATION_FAILED", FROM_13),
    constant("ERROR_PAYLOAD_CHANGED", 2, "ERROR_PAYLOAD_CHANGED", FROM_13),
    constant("ERROR_PAYLOAD_INVALID_CONFIG", 3, "ERROR_PAYLOAD_INVALID_CONFIG", FROM_13),
    ...Object.entries(STOP_REASONS).map(([name, value]): Row =>
      constant(`STOP_REASON_${name}`, value, `STOP_REASONS.${name}`, value < 7 ? FROM_13 : ONLY_15),
    ),
  ],
};

export const SERVICE: Section = {
  title: "Death reasons of the service (DeathReason)",
  rows: [
    ...Object.entries(STOP_REASONS)
      .filter(([name]) => name in SERVICE_DEATH_REASONS)
      .map(([name, value]) => constant(name, value, `STOP_REASONS.${name}`, value < 9 ? FROM_13 : ONLY_15)),
    different(
      "WATCHDOG_REBOOT",
      ONLY_15,
      "STOP_REASONS.UNKNOWN",
      "`onStopped` gets UNKNOWN, as in Java; transitions, waits and `toDieWith` have it by name",
      output("codes that Java has no name for arrive as UNKNOWN, with what the device said"),
    ),
    outOfScope(
      "BOOTLOADER_*, codes 9 and 10",
      ["13"],
      "no service sends them any more, and 13's tool has no name for them",
    ),
  ],
};
