/** A VM whose monitor has a gdb stub: its port on the device, and the door to it, are there as long as the VM. */
import { noteGdb } from "../../device/gdb-notes.js";
import type { Device } from "../../device/contract.js";
import type { RunningVm } from "../contract.js";
import { openGdbDoor, releaseGdbPort, takeGdbPort } from "./gdb-door.js";

export async function startWithGdb(
  device: Device,
  vmName: string,
  start: (port: number) => Promise<RunningVm>,
): Promise<RunningVm> {
  const port = await takeGdbPort(device);
  const door = await openGdbDoor(device, port);
  const removeNote = noteGdb({ vm: vmName, serial: device.serial, port: door.port });
  const letGo = async (): Promise<void> => {
    removeNote();
    releaseGdbPort(device.serial, port);
    await door.close();
  };
  try {
    const vm = await start(port);
    void vm.died.then(letGo);
    return withDoor(vm, door, letGo);
  } catch (error) {
    await letGo();
    throw error;
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
