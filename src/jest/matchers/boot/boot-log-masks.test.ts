import { expect, test } from "@jest/globals";
import { maskLine } from "./boot-log-masks.js";

test.each([
  ["[    1.242108] microdroid_manager[1]: started.", "[<time>] microdroid_manager[<pid>]: started."],
  ["[    0.512345][    T1] Run /init as init process", "[<time>] Run /init as init process"],
  ["[   12.000001][  C0] x", "[<time>] x"],
  [
    "11-22 20:23:03.115     1     1 I microdroid_manager: payload verification successful. took 138 ms",
    "<time> <pid> <tid> I microdroid_manager: payload verification successful. took <duration>",
  ],
  ["Memory: at 0x0000000080000000 and 0x8000", "Memory: at <address> and <address>"],
  ["pc : ffffffc0080a1b2c lr : (____ptrval____)", "pc : <address> lr : (____ptrval____)"],
  ["vsock: guest CID: 2049, cid=10, cid 3", "vsock: guest CID: <cid>, cid=<cid>, cid <cid>"],
  ["Started service (pid 135, tid=136) in 1.5s", "Started service (pid <pid>, tid=<pid>) in <duration>"],
  ["uuid cf9afe9a-0662-11ec-a329-c32663a09d75", "uuid <uuid>"],
  ["at 2026-11-22T20:23:03.115Z", "at <time>"],
  // What tells one boot from another stays.
  ["Linux version 6.1.0-31-cloud-amd64", "Linux version 6.1.0-31-cloud-amd64"],
  ["smp: Brought up 1 node, 2 CPUs", "smp: Brought up 1 node, 2 CPUs"],
  ["root hash 0123456789abcdef0123456789abcdef01234567", "root hash 0123456789abcdef0123456789abcdef01234567"],
  ["Hello Microdroid /mnt/apk/lib/x86_64/X.so arg1", "Hello Microdroid /mnt/apk/lib/x86_64/X.so arg1"],
])("%s", (text, masked) => {
  expect(maskLine(text)).toBe(masked);
});

test("one's own masks come first", () => {
  expect(maskLine("[    1.242108] build 77", [[/build \d+/, "build <build>"]])).toBe("[<time>] build <build>");
});
