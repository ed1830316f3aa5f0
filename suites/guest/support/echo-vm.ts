/** VMs whose payload answers on a vsock port: fixtures/VsockTestApp. */
import type { Socket } from "node:net";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { App, VirtualMachine, VirtualMachineConfigBuilder } from "jest-avf";

/** As in Android's own tests. */
export const ECHO_PORT = 0x8000_0001;

/** The APK, for a test to put on its device. */
export function echoApk(): Promise<Buffer> {
  return readFile(join(__dirname, "../../../fixtures/VsockTestApp.apk"));
}

export function echoConfig(app: App, apkPath: string): VirtualMachineConfigBuilder {
  return app.vmConfig("assets/vm_config.json").setApkPath(apkPath);
}

/** Sends a line to the payload and returns the line that it answers. */
export async function ask(vm: VirtualMachine, line: string): Promise<string> {
  const socket = await vm.connectVsock(ECHO_PORT);
  try {
    return await askOn(socket, line);
  } finally {
    socket.destroy();
  }
}

export async function askOn(socket: Socket, line: string): Promise<string> {
  socket.write(`${line}\n`);
  const answer = await received(socket, (text) => text.endsWith("\n"));
  if (answer === undefined) throw new Error(`the connection ended before it answered "${line.slice(0, 80)}"`);
  return answer.slice(0, -1);
}

/** What came until it was enough; undefined when the connection ended, or was silent for that long, before. */
export function received(
  socket: Socket,
  isEnough: (text: string) => boolean,
  silenceMs = 30_000,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const settle = (result: string | undefined): void => {
      socket.setTimeout(0);
      socket.off("data", onData);
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      text += chunk.toString("latin1");
      if (isEnough(text)) settle(text);
    };
    socket.on("error", () => undefined);
    socket.on("data", onData);
    socket.once("close", () => settle(undefined));
    socket.setTimeout(silenceMs, () => settle(undefined));
  });
}
