/** A connection to a server in a guest, by way of adb. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { withDeadline } from "../base/deadline.js";
import { UsageError } from "../base/errors.js";
import type { Device } from "../device/contract.js";

/** adb accepts on this host by itself, without the guest. */
const CONNECT_TIMEOUT_MS = 10_000;
const MIN_VSOCK_PORT = 1;
const MAX_VSOCK_PORT = 0xffff_ffff;

/**
 * adb accepts the connection before the guest does: a port where nobody listens shows as a socket that ends, or that stays
 * silent, depending on the device's adbd. The forward goes with the socket.
 */
export async function connectVsock(device: Device, cid: number, port: number): Promise<Socket> {
  if (!Number.isInteger(port) || port < MIN_VSOCK_PORT || port > MAX_VSOCK_PORT) {
    throw new UsageError("VSOCK_PORT", `Not a vsock port: ${port}`);
  }
  const forward = await device.forward(`vsock:${cid}:${port}`);
  const socket = connect(forward.hostPort, "127.0.0.1");
  socket.once("close", () => void forward.close().catch(() => undefined));
  try {
    const wait = { timeoutMs: CONNECT_TIMEOUT_MS, signal: device.gone };
    await withDeadline(`a connection to port ${port} of CID ${cid}`, wait, (signal) =>
      once(socket, "connect", { signal }),
    );
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
