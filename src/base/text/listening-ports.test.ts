import { expect, test } from "@jest/globals";
import { listeningPorts, listeningUsers } from "./listening-ports.js";

// Of a device: two that listen (one on IPv6), one connection.
const PROC_NET_TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:15B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000  2000        0 1
   1: 0100007F:4E20 0100007F:15B3 01 00000000:00000000 00:00000000 00000000  2000        0 2
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:4E21 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

test("reads which ports are listened on", () => {
  expect([...listeningPorts(PROC_NET_TCP)]).toEqual([0x15b3, 0x4e21]);
  expect([...listeningPorts("")]).toEqual([]);
});

test("reads which users listen on a port", () => {
  expect(listeningUsers(PROC_NET_TCP, 0x15b3)).toEqual([2000]);
  // A connection, a line that is cut off, and no line at all.
  for (const port of [0x4e20, 0x4e21, 1]) expect(listeningUsers(PROC_NET_TCP, port)).toEqual([]);
});
