/** Virtual machine monitors: the programs that run VMs. Android has crosvm; an emulated device has QEMU, and may have both. */
import { anyOf } from "../text/word-list.js";

/** What VMs of the emulated device may run on. */
export const MONITORS = ["qemu", "crosvm"] as const;
export type Monitor = (typeof MONITORS)[number];

/** Their programs, as a device lists its processes. */
const PROGRAMS: Readonly<Record<Monitor, RegExp>> = { qemu: /^qemu-system-\S+$/, crosvm: /^crosvm$/ };

export function isMonitor(value: unknown): value is Monitor {
  return (MONITORS as readonly unknown[]).includes(value);
}

/** Whether a process with a program of this name is one. */
export function isMonitorProgram(name: string): boolean {
  return Object.values(PROGRAMS).some((program) => program.test(name));
}

/** For messages: `qemu or crosvm`. */
export function listMonitors(quoted: (name: Monitor) => string = (name) => name): string {
  return anyOf(MONITORS.map(quoted));
}
