/** The version of a running adb server, by its own protocol (AOSP adb/SERVICES.TXT, `host:version`). */
import { connect } from "node:net";
import type { AdbServerAddress } from "./server-address.js";

const REQUEST = "host:version";
const ANSWER = /^OKAY0004([0-9a-f]{4})/;

/** Undefined when nothing listens there. Rejects when something does that is no adb server; the signal ends the wait. */
export function readServerVersion(address: AdbServerAddress, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, signal });
    let answer = "";
    socket.setEncoding("latin1");
    socket.once("connect", () => socket.write(REQUEST.length.toString(16).padStart(4, "0") + REQUEST));
    socket.on("data", (chunk: string) => {
      answer += chunk;
      const version = ANSWER.exec(answer)?.[1];
      if (version === undefined && answer.length < 12) return;
      socket.destroy();
      if (version !== undefined) resolve(Number.parseInt(version, 16));
      else reject(new Error(`something else than an adb server answers: ${JSON.stringify(answer.slice(0, 60))}`));
    });
    socket.once("close", () => reject(new Error("it hung up")));
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // Of a socket without a listener, or without a file.
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(undefined);
      else reject(error);
    });
  });
}
