/** A QEMU that serves templates: it is started, told to load or save a state, and ended. */
import type { Duplex } from "node:stream";
import type { QmpClient } from "../../../../qmp/client.js";
import type { VmmConfig, VmmProcess } from "../../contract.js";
import type { TemplateMemory } from "../qemu-args.js";

/** A QEMU with its QMP, as the caller starts it. */
export interface RunningQemu {
  readonly process: VmmProcess;
  readonly qmp: QmpClient;
  /** Both ways: the guest of a template waits there. */
  readonly failurePort: Duplex;
}

/** One with the state of a template in it. */
export interface LoadedCopy extends RunningQemu {
  /** What the template's guest has seen of each disk in turn. */
  readonly diskBytes: readonly number[];
}

/** Starts a QEMU that boots, or, with memory of a template, one that waits for a `migrate-incoming` of `stateFd`. */
export type StartQemu = (config: VmmConfig, memory: TemplateMemory, stateFd?: number) => Promise<RunningQemu>;

export const COMMAND_TIMEOUT_MS = 30_000;

/** Saves or loads all but the memory, which lies in its file. */
export async function migrated(qmp: QmpClient, command: "migrate" | "migrate-incoming", uri: string): Promise<void> {
  const capabilities = ["x-ignore-shared", "events"].map((capability) => ({ capability, state: true }));
  await qmp.execute("migrate-set-capabilities", { capabilities });
  const over = qmp.event("MIGRATION", ({ status }) => status === "completed" || status === "failed");
  await qmp.execute(command, { uri });
  if ((await over)["status"] === "failed") throw new Error(`QEMU failed to ${command}`);
}

/** Fails at once when QEMU ends. */
export async function withTimeout<T>(
  what: string,
  timeoutMs: number,
  { process }: RunningQemu,
  work: () => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${timeoutMs / 1000} s for ${what}`)), timeoutMs);
    void process.ended.then(({ kind }) => reject(new Error(`QEMU ended (${kind}) while waiting for ${what}`)));
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function end({ process }: RunningQemu): Promise<void> {
  process.kill();
  await process.ended;
}
