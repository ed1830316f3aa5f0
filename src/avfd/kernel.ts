/** Who is at the other end of a Unix socket, as the kernel noted it when they connected (client/peercred.c). */
import type { Socket } from "node:net";

export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined for a socket that is not connected any more. */
export type AskPeer = (socket: Socket) => Peer | undefined;

/**
 * @param module the compiled `peercred.c`
 * @throws Error when it cannot be loaded: without it nobody's rights are known
 */
export function loadAskPeer(module: string): AskPeer {
  const loaded = { exports: {} as { peerOf?: (descriptor: number) => readonly number[] | null } };
  process.dlopen(loaded, module);
  const { peerOf } = loaded.exports;
  if (!peerOf) throw new Error(`${module} has no peerOf()`);
  return (socket) => {
    // The one way to a socket's descriptor that Node has.
    const { fd = -1 } = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
    const [pid, uid, gid] = peerOf(fd) ?? [];
    return pid === undefined || uid === undefined || gid === undefined ? undefined : { pid, uid, gid };
  };
}
