/** `vm run-app` of Android 13 (AOSP vm/src/run.rs of that release). */
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import { MICRODROID } from "../../../virtualization/vm-config.js";
import type { Attachment } from "../../../virtualization/channels/attachments.js";
import type { VirtualMachine, VmEvent } from "../../../virtualization/virtual-machine.js";
import type { VmStreamEnds } from "../../../virtualization/vm-options.js";
import type { DeathReason } from "../../../virtualization/state/death-reason.js";
import { closeAppFiles, openAppFiles } from "./app-files.js";
import type { ParsedArguments } from "../command-line/arguments.js";
import { debugString, withContext } from "../rust-text.js";
import { tellOfNoEffect } from "../no-effect.js";
import { fileBound, OUTPUT_BYTES_PROPERTY } from "../streams/bounded-file.js";
import { endVmStreams, openVmStreams } from "../streams/vm-streams.js";

export async function runAppDaemon(device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [apk = "", idsig = "", instance = "", configPath = ""] = args.positionals;
  tellOfNoEffect(caller, args);
  const description = `${debugString(apk)}!${debugString(configPath)}`;
  const files = await openAppFiles(device, caller, {
    apk,
    apkWords: undefined,
    idsig,
    instance,
    instanceId: undefined,
    storage: undefined,
    growsStorage: false,
    configPath,
    extraApks: [],
    extraIdsigs: args.values("extra-idsig"),
  });
  const create = async (streams: VmStreamEnds): Promise<VirtualMachine> => {
    const debug = args.value("debug");
    const { uid, gid, pid } = caller;
    return withContext("Failed to create VM", () =>
      device.virtualization.createVm(
        {
          ...files,
          name: "VmRunApp",
          payload: { kind: "config", configPath },
          osName: MICRODROID,
          debugLevel: debug === "full" || debug === "app_only" ? debug : "none",
          protectedVm: args.flag("protected"),
          memoryMib: Number(args.value("mem") ?? 0),
          cpuCount: cpusOf(args),
          gdbPort: undefined,
          hasCustomConfig: false,
          earlyConsole: false,
          wantsDeviceTree: false,
          hostServices: [],
        },
        streams,
        { uid, gid, pid },
      ),
    );
  };
  return runDaemon(device, caller, args, description, create, () => closeAppFiles(files));
}

/** What is no positive i32 is none to the service, and crosvm has one then. */
export function cpusOf(args: ParsedArguments): number {
  const cpus = Number(args.value("cpus") ?? 1);
  return cpus > 0 && cpus < 2 ** 31 ? cpus : 1;
}

/**
 * Runs a VM as the tool of release 13 does it, which may leave it in the background.
 * @param description what stands between `Created VM from` and `with CID`, @param create it, with its streams open
 * @param drop what was opened for it, when the streams cannot be opened
 */
export async function runDaemon(
  device: Device,
  caller: Caller,
  args: ParsedArguments,
  description: string,
  create: (streams: VmStreamEnds) => Promise<VirtualMachine>,
  drop: () => Promise<void>,
): Promise<number> {
  const daemonize = args.flag("daemonize");
  const paths = { console: args.value("console"), consoleIn: undefined, log: args.value("log") };
  const streams = await openVmStreams(caller, paths, {
    consoleFile: "console file",
    attached: !daemonize,
    consoleInput: false,
    bound: fileBound(device.properties.get(OUTPUT_BYTES_PROPERTY)),
  }).catch(async (error: unknown) => {
    await drop();
    throw error;
  });
  let keepStreams = false;
  try {
    const vm = await create(streams);
    const created = `Created VM from ${description} with CID ${vm.cid}, state is ${vm.state}.`;
    if (daemonize) {
      keepStreams = true;
      void vm.died.then(() => endVmStreams(caller, streams));
      caller.print(created);
      await startInBackground(device, caller, vm);
    } else {
      const attachment = device.virtualization.attachments.attach(vm, caller);
      attachment.print(created);
      await runAttached13(attachment, () => endVmStreams(caller, streams));
    }
  } finally {
    if (!keepStreams) await endVmStreams(caller, streams);
  }
  return 0;
}

/** The service keeps the VM; the tool is done. */
async function startInBackground({ virtualization }: Device, caller: Caller, vm: VirtualMachine): Promise<void> {
  virtualization.hold(vm);
  await vm.start();
  caller.print(`Started VM, state now ${vm.state}.`);
}

async function runAttached13(attachment: Attachment, flushed: () => Promise<void>): Promise<void> {
  const { vm } = attachment;
  vm.onEvent((event) => printEvent(attachment, event));
  try {
    await vm.start();
    attachment.print(`Started VM, state now ${vm.state}.`);
    attachment.setLastWords(0, "stderr", "VirtualizationService unexpectedly died\n");
    const reason = await vm.died;
    await flushed();
    attachment.print(describeDeath13(reason));
  } finally {
    attachment.end();
  }
}

const DEATHS: Partial<Readonly<Record<DeathReason, string>>> = {
  INFRASTRUCTURE_ERROR: "Error waiting for VM to finish.",
  KILLED: "VM was killed.",
  UNKNOWN: "VM died for an unknown reason.",
  SHUTDOWN: "VM shutdown cleanly.",
  START_FAILED: "Error starting VM.",
  REBOOT: "VM tried to reboot, possibly due to a kernel panic.",
  CRASH: "VM crashed.",
};

export function describeDeath13(reason: DeathReason): string {
  return DEATHS[reason] ?? "VM died for an unrecognised reason.";
}

function printEvent(client: Attachment, event: VmEvent): void {
  switch (event.kind) {
    case "ready":
      return client.printError("payload is ready");
    case "finished":
      return client.printError(`payload finished with exit code ${event.exitCode}`);
    case "error":
      return client.printError(`VM encountered an error: code=${event.code}, message=${event.message}`);
    case "started":
    case "died":
      return;
  }
}
