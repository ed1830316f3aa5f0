/**
 * A port of this host that leads to the device through an adb server on another one: each connection asks the server for the
 * service itself, where a forward would be a port over there.
 */
import { createServer, type Server, type Socket } from "node:net";
import { InfrastructureError } from "../../../base/errors.js";
import type { PortForward } from "../../contract.js";

/** Opens what the port leads to. */
export type OpenRemote = (signal: AbortSignal) => Promise<Socket>;

/** It ends with this process, and leaves nothing anywhere. */
export async function openRelay(remote: string, gone: AbortSignal, openRemote: OpenRemote): Promise<PortForward> {
  gone.throwIfAborted();
  const sockets = new Set<Socket>();
  const ended = new AbortController();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  };
  // Half-closed connections stay so: a service may answer after the end of its input.
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
    keep(near);
    // A connection that nothing accepts ends at once, as one to a forward does.
    openRemote(ended.signal).then(
      (far) => {
        keep(far);
        if (near.destroyed || ended.signal.aborted) return void far.destroy();
        join(near, far);
      },
      () => near.destroy(),
    );
  });
  const hostPort = await listen(server, remote);
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> =>
    (closing ??= new Promise((resolve) => {
      gone.removeEventListener("abort", onGone);
      ended.abort(new Error(`the forward to ${remote} was closed`));
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    }));
  const onGone = (): void => void close();
  gone.addEventListener("abort", onGone, { once: true });
  if (gone.aborted) await close();
  return { hostPort, remote, close };
}

function join(near: Socket, far: Socket): void {
  near.pipe(far);
  far.pipe(near);
  // An end is handed on by `pipe`; one that broke off breaks the other.
  near.once("close", () => far.destroy());
  far.once("close", () => near.end());
  near.resume();
}

function listen(server: Server, remote: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void =>
      reject(new InfrastructureError("NO_PORT", `No free port for a forward to ${remote}.`, { cause }));
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      server.off("error", failed);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}
