/**
 * A VM whose monitor has a gdb stub: its port on the device, and the door to it, are there as long as the VM. Nobody is told
 * of the door before the stub listens: gdb sends its first words again when they are not answered in two seconds, and takes
 * the second answer for that to its next question.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { noteGdb } from "../../device/gdb-notes.js";
import type { Device } from "../../device/contract.js";
import type { RunningVm } from "../contract.js";
import { listens, openGdbDoor, releaseGdbPort, takeGdbPort } from "./gdb-door.js";

const LISTENS_TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 100;

export async function startWithGdb(
  device: Device,
  vmName: string,
  start: (port: number) => Promise<RunningVm>,
): Promise<RunningVm> {
  const port = await takeGdbPort(device);
  const door = await openGdbDoor(device, port);
  let removeNote = (): void => undefined;
  let isOver = false;
  const letGo = async (): Promise<void> => {
    isOver = true;
    removeNote();
    releaseGdbPort(device.serial, port);
    await door.close();
  };
  try {
    const vm = await start(port);
    void vm.died.then(letGo);
    await untilStubListens(device, port, () => isOver);
    if (!isOver) removeNote = noteGdb({ vm: vmName, serial: device.serial, port: door.port });
    return withDoor(vm, door, letGo);
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** Or the VM is over. One that does not come to listen, or a device that does not tell, is left to who connects. */
async function untilStubListens(device: Device, port: number, isOver: () => boolean): Promise<void> {
  const endMs = performance.now() + LISTENS_TIMEOUT_MS;
  while (!isOver() && !device.gone.aborted && performance.now() < endMs) {
    const found = await listens(device, port).catch(() => undefined);
    if (found !== false) return;
    await sleep(LOOK_AGAIN_MS);
  }
}

/** The same VM, with what came on top. */
function withDoor(vm: RunningVm, gdb: NonNullable<RunningVm["gdb"]>, letGo: () => Promise<void>): RunningVm {
  const { died, writeConsole } = vm;
  return {
    ...{ gdb, died, writeConsole },
    get cid() {
      return vm.cid;
    },
    state: () => vm.state(),
    stop: () => vm.stop(),
    connectVsock: (port, signal) => vm.connectVsock(port, signal),
    follow: () => vm.follow(),
    bookmark: () => vm.bookmark(),
    disown: async () => {
      await letGo();
      await vm.disown();
    },
  };
}
