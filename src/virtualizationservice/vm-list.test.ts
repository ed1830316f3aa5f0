import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseVmList } from "./vm-list.js";

const sample = (name: string): string => readFileSync(join(__dirname, "dialects/samples", name), "utf8");

test("Android 15", () => {
  expect(parseVmList(sample("list-15.txt"))).toEqual([
    { cid: 2048, temporaryDirectory: "/data/misc/virtualizationservice/2048", requesterUid: 2000, requesterPid: 1234 },
    { cid: 2049, temporaryDirectory: "/data/misc/virtualizationservice/2049", requesterUid: 10123, requesterPid: 5678 },
  ]);
});

test("Android 13, with a nested state", () => {
  expect(parseVmList(sample("list-13.txt"))).toEqual([
    { cid: 10, temporaryDirectory: "/data/misc/virtualizationservice/10", requesterUid: 2000, requesterPid: 4321 },
  ]);
});

test("no VMs", () => {
  expect(parseVmList(sample("list-empty.txt"))).toEqual([]);
});

test("fields may come in another order, with others between them and text that looks like fields", () => {
  const text =
    'Running VMs: [ VirtualMachineDebugInfo { name: "cid: 9, }\\" ]", requesterPid: 4, host: Host { cid: 1 }, ' +
    'temporaryDirectory: "/a\\"b", requesterUid: 3, cid: 2 } ]';
  expect(parseVmList(text)).toEqual([{ cid: 2, temporaryDirectory: '/a"b', requesterUid: 3, requesterPid: 4 }]);
});

test.each([
  "",
  "Error: no service",
  "Running VMs: [",
  "Running VMs: [ 3 ]",
  "Running VMs: [ VirtualMachineDebugInfo { cid: x } ]",
  'Running VMs: [ VirtualMachineDebugInfo { cid: 1, temporaryDirectory: "/x", requesterUid: 1 } ]',
  "Running VMs: [ VirtualMachineDebugInfo { cid: 1 ]",
])("%j is an error that quotes it", (text) => {
  expect(() => parseVmList(text)).toThrow(JSON.stringify(text));
});
