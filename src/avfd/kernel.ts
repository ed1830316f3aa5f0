/** What Node cannot ask of the kernel, by a module of ours (client/kernel.c). */
import type { Socket } from "node:net";
import { describeErrno } from "./errno.js";

/** Who is at the other end of a Unix socket, as the kernel noted it when they connected. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** Undefined for a socket that is not connected any more. */
export type AskPeer = (socket: Socket) => Peer | undefined;

export interface Kernel {
  readonly peerOf: AskPeer;
  /** Sets the time of day. @throws Error */
  readonly setClock: (epochMs: number) => void;
  /** Up to 512 bytes nobody can guess. @throws Error */
  readonly addEntropy: (bytes: Buffer) => void;
}

interface KernelModule {
  readonly peerOf: (descriptor: number) => readonly number[] | null;
  readonly setClock: (epochMs: number) => number;
  readonly addEntropy: (bytes: Buffer) => number;
}

/**
 * @param module the compiled `kernel.c`
 * @throws Error when it cannot be loaded: without it nobody's rights are known
 */
export function loadKernel(module: string): Kernel {
  const loaded = { exports: {} as Partial<KernelModule> };
  process.dlopen(loaded, module);
  const { peerOf, setClock, addEntropy } = loaded.exports;
  if (!peerOf || !setClock || !addEntropy) throw new Error(`${module} has not all of its functions`);
  return {
    peerOf: (socket) => {
      // The one way to a socket's descriptor that Node has.
      const { fd = -1 } = (socket as unknown as { readonly _handle?: { readonly fd?: number } })._handle ?? {};
      const [pid, uid, gid] = peerOf(fd) ?? [];
      return pid === undefined || uid === undefined || gid === undefined ? undefined : { pid, uid, gid };
    },
    setClock: (epochMs) => succeeded("the clock", setClock(epochMs)),
    addEntropy: (bytes) => succeeded("the random numbers", addEntropy(bytes)),
  };
}

function succeeded(what: string, errno: number): void {
  if (errno !== 0) throw new Error(`${what} cannot be set: ${describeErrno(errno)}`);
}
