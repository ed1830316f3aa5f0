import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseVmList } from "./vm-list.js";

const sample = (name: string): string => readFileSync(join(__dirname, "../dialects/samples", name), "utf8");

const NAMELESS = { name: undefined, hostConsoleName: undefined };

test("Android 15", () => {
  expect(parseVmList(sample("list-15.txt"))).toEqual([
    {
      cid: 2048,
      temporaryDirectory: "/data/misc/virtualizationservice/2048",
      requesterUid: 2000,
      requesterPid: 1234,
      ...NAMELESS,
    },
    {
      cid: 2049,
      temporaryDirectory: "/data/misc/virtualizationservice/2049",
      requesterUid: 10123,
      requesterPid: 5678,
      ...NAMELESS,
    },
  ]);
});

test("Android 13, with a nested state", () => {
  expect(parseVmList(sample("list-13.txt"))).toEqual([
    {
      cid: 10,
      temporaryDirectory: "/data/misc/virtualizationservice/10",
      requesterUid: 2000,
      requesterPid: 4321,
      ...NAMELESS,
    },
  ]);
});

test("Android 16: names, and a console of the host where a VM has one", () => {
  expect(
    parseVmList(sample("list-16.txt")).map(({ cid, name, hostConsoleName }) => [cid, name, hostConsoleName]),
  ).toEqual([
    [2050, 'penny"2\u0001', undefined],
    [2049, "debian", "/dev/pts/1"],
  ]);
});

test("builds between 15 and 16 have a console of the host without a name", () => {
  const text = sample("list-16.txt").replaceAll(/^ *name: .*\n/gm, "");
  expect(parseVmList(text).map(({ name, hostConsoleName }) => [name, hostConsoleName])).toEqual([
    [undefined, undefined],
    [undefined, "/dev/pts/1"],
  ]);
});

test("no VMs", () => {
  expect(parseVmList(sample("list-empty.txt"))).toEqual([]);
});

test("fields may come in another order, with others between them and text that looks like fields", () => {
  const text =
    'Running VMs: [ VirtualMachineDebugInfo { name: "cid: 9, }\\" ]", requesterPid: 4, host: Host { cid: 1 }, ' +
    'temporaryDirectory: "/a\\"b", requesterUid: 3, cid: 2 } ]';
  expect(parseVmList(text)).toEqual([
    {
      cid: 2,
      temporaryDirectory: '/a"b',
      requesterUid: 3,
      requesterPid: 4,
      name: 'cid: 9, }" ]',
      hostConsoleName: undefined,
    },
  ]);
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
