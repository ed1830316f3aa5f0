/** What adbd's `shell,v2,raw:` leads to, with this host as the device. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { Duplex } from "node:stream";

const SERVICE = /^shell,v2,raw:([^]*)$/;

/** @param environment of the command, besides that of this process */
export function hostShell(service: string, environment: Readonly<Record<string, string>> = {}): Duplex {
  const command = SERVICE.exec(service)?.[1];
  if (command === undefined) throw new Error(`no service of a shell: ${service}`);
  const child = spawn("sh", ["-c", command], { env: { ...process.env, ...environment } });
  let pending = Buffer.alloc(0);
  const stream = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32LE(1)) {
        const end = 5 + pending.readUInt32LE(1);
        if (pending[0] === 0) child.stdin.write(pending.subarray(5, end));
        if (pending[0] === 4) child.stdin.end();
        pending = pending.subarray(end);
      }
      done();
    },
    // adbd hangs up on a command that nobody listens to any more, and reads no more of what it prints.
    destroy: (error, done) => {
      child.kill("SIGHUP");
      for (const end of [child.stdin, child.stdout, child.stderr]) end.destroy();
      done(error);
    },
  });
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (chunk: Buffer) => stream.push(packet(1, chunk)));
  child.stderr.on("data", (chunk: Buffer) => stream.push(packet(2, chunk)));
  child.on("close", (code, signal) => {
    if (stream.destroyed) return;
    stream.push(packet(3, Buffer.from([code ?? 128 + constants.signals[signal ?? "SIGKILL"]])));
    stream.push(null);
  });
  return stream;
}

function packet(id: number, body: Buffer): Buffer {
  const header = Buffer.from([id, 0, 0, 0, 0]);
  header.writeUInt32LE(body.length, 1);
  return Buffer.concat([header, body]);
}
