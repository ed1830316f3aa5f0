/**
 * Methods of VirtualMachine since Android 16 for which the `vm` tool of a device has no command. They check what Android's
 * check, and where Android would ask the service they are refused by name.
 */
import { UnsupportedOperationException } from "../errors.js";
import type { MachineControl } from "../machine-control.js";

export abstract class MethodsSince16 {
  /** @internal */
  abstract readonly control: MachineControl;

  /**
   * Android 16: holds the processors of a running VM.
   * @throws VirtualMachineException `VM is not running`; else UnsupportedOperationException
   */
  async suspend(): Promise<void> {
    await this.control.whileRunning(() => notInTool("suspend()"));
  }

  /** Android 16: as `suspend`, the other way. @throws as `suspend` */
  async resume(): Promise<void> {
    await this.control.whileRunning(() => notInTool("resume()"));
  }

  /**
   * Android 16: bytes that the VM has given back; 0, since Android itself sees to the balloon of a Microdroid VM.
   * @throws UnsupportedOperationException for a custom image that runs
   */
  async getMemoryBalloon(): Promise<number> {
    this.#refuseCustomImage("getMemoryBalloon()");
    return 0;
  }

  /** Android 17's name of `getMemoryBalloon`. */
  async getActualMemoryBalloonBytes(): Promise<number> {
    return this.getMemoryBalloon();
  }

  /**
   * Android 16: has no effect on a Microdroid VM, whose balloon Android itself sees to.
   * @throws UnsupportedOperationException for a custom image that runs
   */
  async setMemoryBalloon(_bytes: number): Promise<void> {
    this.#refuseCustomImage("setMemoryBalloon()");
  }

  /**
   * Android 16: has the VM give back that much of its memory. As on Android, nothing happens unless it runs, nor for less
   * than 0 or more than 100.
   * @throws UnsupportedOperationException
   */
  async setMemoryBalloonByPercent(percent: number): Promise<void> {
    if (percent < 0 || percent > 100 || this.control.cid === undefined) return;
    notInTool("setMemoryBalloonByPercent()");
  }

  #refuseCustomImage(method: string): void {
    const { cid, config } = this.control;
    if (cid !== undefined && config.getCustomImageConfig()) notInTool(method);
  }
}

function notInTool(method: string): never {
  throw new UnsupportedOperationException(`VirtualMachine.${method} is not supported.`, {
    hint: "The `vm` tool of a device has no command for it.",
  });
}
