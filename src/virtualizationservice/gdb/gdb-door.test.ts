import { afterEach, expect, test } from "@jest/globals";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Device } from "../../device/contract.js";
import { openGdbDoor, releaseGdbPort, takeGdbPort, type GdbDoor } from "./gdb-door.js";

// Of a device: two that listen (one on IPv6), one connection.
const PROC_NET_TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2000        0 1
   1: 0100007F:4E20 0100007F:15B3 01 00000000:00000000 00:00000000 00000000  2000        0 2
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:4E21 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

let stub: Server | undefined;
let door: GdbDoor | undefined;
afterEach(async () => {
  await door?.close();
  stub?.close();
});

/** A device whose ports are those of this host. */
const device = {
  serial: "memory",
  execShort: () => Promise.resolve({ output: PROC_NET_TCP }),
  connect: async (address: string) => {
    const socket = connect(Number(address.replace("tcp:", "")), "127.0.0.1");
    await once(socket, "connect");
    return socket;
  },
} as unknown as Device;

test("gives each VM a port of its own", async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, () => takeGdbPort(device)));
  expect(new Set(ports).size).toBe(300);
  expect(ports).not.toContain(0x4e21);
  expect(ports.every((port) => port >= 20_000 && port < 30_000)).toBe(true);
  for (const port of ports) releaseGdbPort("memory", port);
});

test("carries bytes both ways, shows whether a debugger is connected, and ends with the VM", async () => {
  const peers: Socket[] = [];
  stub = createServer((socket) => {
    peers.push(socket);
    socket.on("data", (bytes) => socket.write(`$${bytes.toString()}`));
  }).listen(0, "127.0.0.1");
  await once(stub, "listening");
  door = await openGdbDoor(device, (stub.address() as AddressInfo).port);
  const changes: boolean[] = [];
  const gone = new Promise<void>((resolve) =>
    door!.onChange(() => {
      changes.push(door!.isConnected);
      if (!door!.isConnected) resolve();
    }),
  );
  const gdb = connect(door.port, "127.0.0.1");
  gdb.write("?");
  const [answer] = (await once(gdb, "data")) as [Buffer];
  expect(answer.toString()).toBe("$?");
  expect(door.isConnected).toBe(true);
  peers[0]!.destroy();
  await Promise.all([once(gdb, "close"), gone]);
  expect(changes).toEqual([true, false]);
  const late = connect(door.port, "127.0.0.1");
  await once(late, "connect");
  await Promise.all([once(late, "close"), door.close()]);
});

test("a debugger that finds no stub is disconnected", async () => {
  door = await openGdbDoor({ ...device, connect: () => Promise.reject(new Error("refused")) }, 1, 0);
  const gone = new Promise<void>((resolve) => door!.onChange(() => void (door!.isConnected || resolve())));
  const gdb = connect(door.port, "127.0.0.1");
  await Promise.all([once(gdb, "close"), gone]);
});
