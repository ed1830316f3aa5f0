/**
 * Ends of a VM that its configuration brings about: no VM can run like that, so that its author has to act. Recognized by the
 * reason and the error that the service passes on, and by the configuration itself.
 */
import type { DeathReason } from "../../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "../config/config.js";
import type { RecordedEvent } from "../journal/record.js";

interface EndedRun {
  readonly config: VirtualMachineConfig;
  readonly reason: DeathReason;
  /** Of that run. */
  readonly events: readonly RecordedEvent[];
}

/** No kernel of Microdroid fits into less. */
const LEAST_MEMORY_BYTES = 16 * 2 ** 20;
/** Android's microdroid_manager, and the guest of the emulated device. */
const LIBRARY_MISSING = /(?:Unable to access|Failed to find the payload) (\S*\/lib\/\S+?\.so)\b/;

/** What to change; undefined when the configuration explains nothing. */
export function callersMistake({ config, reason, events }: EndedRun): string | undefined {
  const memory = memoryMistake(config);
  if (memory !== undefined) return memory;
  if (reason.kind !== "known") return undefined;
  const { payloadConfigPath, payloadBinaryName } = config.fields;
  if (reason.name === "MICRODROID_INVALID_PAYLOAD_CONFIG") {
    const what = payloadConfigPath === undefined ? `payload ${payloadBinaryName ?? ""}` : payloadConfigPath;
    return `the APK has no valid ${what}: see what it has with npx avf apk show FILE.apk`;
  }
  const errors = events.flatMap(({ event }) => (event.kind === "error" ? [event.message] : []));
  const library = errors.map((text) => LIBRARY_MISSING.exec(text)?.[1]).find((path) => path !== undefined);
  if (library === undefined) return undefined;
  return `the APK has no ${library.slice(library.lastIndexOf("/lib/") + 1)}: npx avf apk show FILE.apk lists what it has`;
}

/** Of a VM that did not start. */
export function memoryMistake(config: VirtualMachineConfig): string | undefined {
  const { memoryBytes } = config.fields;
  if (memoryBytes === 0 || memoryBytes >= LEAST_MEMORY_BYTES) return undefined;
  const meant = memoryBytes <= 65_536 ? memoryBytes : 256;
  const asked = `setMemoryBytes(${memoryBytes}) asks for ${memoryBytes} bytes, less than any kernel needs`;
  return `${asked}; for ${meant} MiB write setMemoryBytes(${meant} * 1024 * 1024)`;
}
