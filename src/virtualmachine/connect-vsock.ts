/** A connection to a port of a guest that runs. */
import type { Socket } from "node:net";
import { describeError } from "../base/errors.js";
import { MAX_VSOCK_PORT, MIN_VSOCK_PORT } from "./constants.js";
import { IllegalArgumentException, VirtualMachineException } from "./errors.js";
import type { RunningVm } from "../virtualizationservice/contract.js";

/** @throws IllegalArgumentException, VirtualMachineException */
export async function connectToGuest(handle: RunningVm, port: number, vmName: string): Promise<Socket> {
  if (!Number.isInteger(port) || port < MIN_VSOCK_PORT || port > MAX_VSOCK_PORT) {
    throw new IllegalArgumentException(`Bad port ${port}`);
  }
  try {
    return await handle.connectVsock(port);
  } catch (cause) {
    const message = `failed to connect to vsock port ${port}: ${describeError(cause)}`;
    throw new VirtualMachineException("VSOCK_FAILED", message, { vmName, cause });
  }
}
