/** VMs of that APK: their configuration, what their payload prints, and how they end. */
import {
  ERROR_PAYLOAD_CHANGED,
  ERROR_PAYLOAD_INVALID_CONFIG,
  ERROR_PAYLOAD_VERIFICATION_FAILED,
  ERROR_UNKNOWN,
  expect,
  STOP_REASONS,
  type App,
  type VirtualMachine,
  type VirtualMachineConfigBuilder,
} from "jest-avf";

const FACT = /(?:^|MicrodroidTestPayload: )([a-z][a-z ]*): (.*)$/;
/** A boot takes seconds; this is for a busy machine. */
export const READY_TIMEOUT_MS = 120_000;

export const CONFIG = "assets/vm_config.json";
/** What the payload leaves in its storage at each boot. */
export const MARK = "<marked by a payload>";

export function configFor(app: App, apkPath: string, payloadConfig = CONFIG): VirtualMachineConfigBuilder {
  return app.vmConfig(payloadConfig).setApkPath(apkPath);
}

/** Runs the VM until its payload is ready and returns the facts that it printed in this run. */
export async function runForFacts(vm: VirtualMachine): Promise<ReadonlyMap<string, string>> {
  await vm.run();
  const outcome = await vm.waitFor("ready", { timeoutMs: READY_TIMEOUT_MS });
  expect({ outcome, lines: outcome.kind === "ready" || vm.lastLines().map(({ text }) => text) }).toMatchObject({
    outcome: { kind: "ready" },
  });
  return factsOf(vm);
}

/** Of the latest run of a VM that has printed all of them. */
export async function factsOf(vm: VirtualMachine): Promise<ReadonlyMap<string, string>> {
  await expect(vm).toPrint(/blocks(?: error)?: /);
  const lines = vm.output.lines();
  const run = lines.at(-1)?.run;
  return new Map(
    lines
      .filter((line) => line.run === run)
      .map(({ text }) => FACT.exec(text))
      .filter((match) => match !== null)
      .map(([, name = "", value = ""]) => [name, value]),
  );
}

/** How a VM ended: what its callback got, as Java's numbers and as the device's text, and its log. */
export interface Ending {
  readonly started: boolean;
  readonly errors: readonly { readonly code: number; readonly name: string; readonly message: string }[];
  readonly stopReason: number;
  readonly reason: string;
}

/** Runs the VM to its end. `meanwhile` is called when the VM's process runs and its guest has yet to boot. */
export async function runToEnd(vm: VirtualMachine, meanwhile?: () => Promise<void>): Promise<Ending> {
  const errors: { code: number; name: string; message: string }[] = [];
  let started = false;
  let stopped: (end: { stopReason: number; reason: string }) => void = () => undefined;
  const end = new Promise<{ stopReason: number; reason: string }>((resolve) => (stopped = resolve));
  vm.setCallback({
    onPayloadStarted: () => (started = true),
    onError: (_vm, code, message, raw) => errors.push({ code, message, name: nameOf(raw) }),
    onStopped: (_vm, stopReason, raw) => stopped({ stopReason, reason: nameOf(raw) }),
  });
  try {
    await vm.run();
    await meanwhile?.();
    const outcome = await vm.waitFor("started", { timeoutMs: READY_TIMEOUT_MS });
    // A guest that runs what it should have refused would never end.
    if (outcome.kind !== "died") await vm.close();
    return { started, errors, ...(await end) };
  } finally {
    vm.clearCallback();
  }
}

function nameOf(
  code: { readonly kind: "known"; readonly name: string } | { readonly kind: "unrecognised"; readonly raw: string },
): string {
  return code.kind === "known" ? code.name : code.raw;
}

/** What a VM that refuses its payload reports, everywhere. */
export const REFUSALS = {
  changed: {
    started: false,
    errors: [{ code: ERROR_PAYLOAD_CHANGED, name: "PAYLOAD_CHANGED" }],
    stopReason: STOP_REASONS.MICRODROID_PAYLOAD_HAS_CHANGED,
    reason: "MICRODROID_PAYLOAD_HAS_CHANGED",
  },
  unverified: {
    started: false,
    errors: [{ code: ERROR_PAYLOAD_VERIFICATION_FAILED, name: "PAYLOAD_VERIFICATION_FAILED" }],
    stopReason: STOP_REASONS.MICRODROID_PAYLOAD_VERIFICATION_FAILED,
    reason: "MICRODROID_PAYLOAD_VERIFICATION_FAILED",
  },
  badConfig: {
    started: false,
    errors: [{ code: ERROR_PAYLOAD_INVALID_CONFIG, name: "PAYLOAD_INVALID_CONFIG" }],
    stopReason: STOP_REASONS.MICRODROID_INVALID_PAYLOAD_CONFIG,
    reason: "MICRODROID_INVALID_PAYLOAD_CONFIG",
  },
  unknown: {
    started: false,
    errors: [{ code: ERROR_UNKNOWN, name: "UNKNOWN" }],
    stopReason: STOP_REASONS.MICRODROID_UNKNOWN_RUNTIME_ERROR,
    reason: "MICRODROID_UNKNOWN_RUNTIME_ERROR",
  },
} as const;
