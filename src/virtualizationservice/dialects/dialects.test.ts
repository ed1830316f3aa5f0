import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { AndroidRelease } from "../../base/android-release.js";
import { parseOptions, type ToolAbilities } from "../abilities/parse-help.js";
import type { AppVmConfig } from "../contract.js";
import { helpOf } from "../testing/scripted-tool.js";
import { android13 } from "./android-13.js";
import { chooseDialect } from "./choose.js";
import { deathReasonFromRust, errorCode } from "./codes.js";
import type { Dialect, ToolLine } from "./dialect.js";
import { since14 } from "./since-14.js";

function readLines(dialect: Dialect, stream: "stdout" | "stderr"): readonly (ToolLine | undefined)[] {
  const text = readFileSync(join(__dirname, "samples", `run-app-${dialect.release}.${stream}.txt`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => dialect.parseLine(stream, line));
}

const tool = (release: AndroidRelease): ToolAbilities => ({
  commands: new Set(),
  run: parseOptions(helpOf(release)(["run", "--help"]), "run")?.runApp ?? new Set(),
  ...(parseOptions(helpOf(release)(["run-app", "--help"]), "run-app") ?? { runApp: new Set(), required: new Set() }),
  cpuCounts: release >= 16,
});
const files = { consolePath: "/s/console.txt", logPath: "/s/log.txt", cpuCount: 4 };
const plain: AppVmConfig = {
  name: "vm1",
  apkPath: "/data/app/base.apk",
  idsigPath: "/d/idsig",
  instanceImagePath: "/d/instance.img",
  instanceIdPath: undefined,
  payload: { kind: "config", configPath: "assets/vm_config.json" },
  extraApks: [],
  debugLevel: "full",
  protectedVm: false,
  memoryMib: undefined,
  cpuTopology: "one_cpu",
  encryptedStorage: undefined,
  osName: "microdroid",
  consoleInput: false,
  vendorImagePath: undefined,
  networkSupported: false,
  scratchPath: "/s",
};

describe("Android 15", () => {
  test("reads stdout", () => {
    expect(readLines(since14, "stdout")).toEqual([
      { kind: "created", cid: 2051, state: "STARTING" },
      { kind: "ended", reason: { kind: "known", name: "SHUTDOWN", value: 3 } },
    ]);
  });

  test("reads stderr, and leaves the VMM's own messages alone", () => {
    expect(readLines(since14, "stderr")).toEqual([
      undefined,
      { kind: "payload-started" },
      { kind: "payload-ready" },
      {
        kind: "error",
        code: { kind: "known", name: "PAYLOAD_INVALID_CONFIG", value: 3 },
        message: "cannot load vm_config.json, message=twice",
      },
      { kind: "payload-finished", exitCode: -11 },
    ]);
  });

  test.each([
    'Created VM from "/x.json" with CID 7, state is (invalid state).',
    'Created debuggable VM from "/a with CID 5.apk"!PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: "X.so", extraApks: [] }) with CID 7, state is STARTED.',
  ])("takes the CID from %s", (line) => {
    expect(since14.parseLine("stdout", line)).toMatchObject({ kind: "created", cid: 7 });
  });

  test.each(["with CID 3", "payload started", "VM ended", ""])(
    "%j on stdout is not one of the tool's lines",
    (line) => {
      expect(since14.parseLine("stdout", line)).toBeUndefined();
    },
  );

  test("a plain configuration", () => {
    expect(since14.runAppArguments(plain, files, tool(15)).join(" ")).toBe(
      "run-app --name vm1 --debug full --console /s/console.txt --log /s/log.txt --cpu-topology one_cpu " +
        "--config-path assets/vm_config.json /data/app/base.apk /d/idsig /d/instance.img",
    );
  });

  test("a configuration with everything", () => {
    const config: AppVmConfig = {
      ...plain,
      name: "-x",
      payload: { kind: "binary", binaryName: "X.so" },
      extraApks: [{ apkPath: "/e.apk", idsigPath: "/e.idsig" }],
      debugLevel: "none",
      protectedVm: true,
      memoryMib: 300,
      cpuTopology: "match_host",
      encryptedStorage: { path: "/d/storage.img", sizeBytes: 4096 },
      osName: "microdroid_gki-android14-6.1",
      vendorImagePath: "/v.img",
      networkSupported: true,
      instanceIdPath: "/d/instance_id",
    };
    expect(since14.runAppArguments(config, files, tool(15)).join(" ")).toBe(
      "run-app --name=-x --debug none --console /s/console.txt --log /s/log.txt --cpu-topology match_host --mem 300 " +
        "--protected --network-supported --instance-id-file /d/instance_id --storage /d/storage.img --storage-size 4096 " +
        "--vendor /v.img --gki android14-6.1 --payload-binary-name X.so --extra-apk /e.apk --extra-idsig /e.idsig " +
        "/data/app/base.apk /d/idsig /d/instance.img",
    );
  });

  test("what Android 16 takes", () => {
    const config: AppVmConfig = {
      ...plain,
      cpuTopology: { count: 3 },
      osName: "microdroid_gki-since14-6.6",
      hugePages: true,
      teeServices: ["a", "b"],
      earlyConsole: true,
      deviceTreePath: "/d/dt",
    };
    const args = since14.runAppArguments(config, files, tool(16)).join(" ");
    expect(args).toContain(" --cpu-topology cpu_count=3 --hugepages --os microdroid_gki-since14-6.6 --tee-services a ");
    expect(args).toContain(" --tee-services b --enable-earlycon --dump-device-tree /d/dt --config-path ");
    expect(args).not.toContain("--gki");
  });

  test("with a config file, extra APKs go by their idsigs alone", () => {
    const config = { ...plain, extraApks: [{ apkPath: "/e.apk", idsigPath: "/e.idsig" }] };
    const args = since14.runAppArguments(config, files, tool(15));
    expect(args).toContain("--extra-idsig");
    expect(args).not.toContain("--extra-apk");
  });
});

describe("Android 13", () => {
  test("reads stdout; the payload's own line is not one of the tool's", () => {
    expect(readLines(android13, "stdout")).toEqual([
      { kind: "created", cid: 12, state: "NOT_STARTED" },
      { kind: "starting" },
      undefined,
      { kind: "ended", reason: { kind: "known", name: "SHUTDOWN", value: 3 } },
    ]);
  });

  test("reads stderr", () => {
    expect(readLines(android13, "stderr")).toEqual([
      { kind: "payload-ready" },
      { kind: "error", code: { kind: "known", name: "PAYLOAD_CHANGED", value: 2 }, message: "payload changed" },
      { kind: "payload-finished", exitCode: 3 },
      { kind: "ended", reason: { kind: "known", name: "VIRTUALIZATION_SERVICE_DIED", value: -1 } },
    ]);
  });

  test.each([
    ["Error waiting for VM to finish.", "INFRASTRUCTURE_ERROR"],
    ["VM was killed.", "KILLED"],
    ["VM died for an unknown reason.", "UNKNOWN"],
    ["Error starting VM.", "START_FAILED"],
    ["VM tried to reboot, possibly due to a kernel panic.", "REBOOT"],
    ["VM crashed.", "CRASH"],
  ])("%s", (line, name) => {
    expect(android13.parseLine("stdout", line)).toMatchObject({ kind: "ended", reason: { name } });
  });

  test("a configuration with what it can do", () => {
    const config: AppVmConfig = { ...plain, memoryMib: 200, cpuTopology: "match_host", protectedVm: true };
    expect(android13.runAppArguments(config, files, tool(13)).join(" ")).toBe(
      "run-app --debug full --console /s/console.txt --log /s/log.txt --cpus 4 --mem 200 --protected " +
        "-- /data/app/base.apk /d/idsig /d/instance.img assets/vm_config.json",
    );
  });

  test("extra idsigs do not swallow the files", () => {
    const config = { ...plain, extraApks: [{ apkPath: "/e.apk", idsigPath: "/e.idsig" }] };
    expect(android13.runAppArguments(config, files, tool(13)).join(" ")).toMatch(
      / --extra-idsig \/e\.idsig -- \/data\/app\/base\.apk \/d\/idsig \/d\/instance\.img assets\/vm_config\.json$/,
    );
  });
});

test.each([
  [33, 13],
  [34, 15],
  [35, 15],
  [36, 15],
])("SDK %d speaks the dialect of Android %d", (sdk, release) => {
  expect(chooseDialect("serial", sdk).release).toBe(release);
});

test.each([32, Number.NaN])("SDK %d is refused with what is needed", (sdk) => {
  expect(() => chooseDialect("serial", sdk)).toThrow(/need Android 13/);
});

test.each([
  ["Killed", { kind: "known", name: "KILLED", value: 1 }],
  ["PvmFirmwarePublicKeyMismatch", { kind: "known", name: "PVM_FIRMWARE_PUBLIC_KEY_MISMATCH", value: 7 }],
  [
    "MicrodroidFailedToConnectToVirtualizationService",
    { kind: "known", name: "MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE", value: 11 },
  ],
  ["VirtualizationServiceDied", { kind: "known", name: "VIRTUALIZATION_SERVICE_DIED", value: -1 }],
  ["Unrecognised(DeathReason(17))", { kind: "known", name: "WATCHDOG_REBOOT", value: 17 }],
  ["Unrecognised(DeathReason(99))", { kind: "unrecognised", raw: "Unrecognised(DeathReason(99))" }],
  ["Toasted", { kind: "unrecognised", raw: "Toasted" }],
  ["constructor", { kind: "unrecognised", raw: "constructor" }],
])("death reason %s", (text, reason) => {
  expect(deathReasonFromRust(text)).toEqual(reason);
});

test.each([
  ["PayloadVerificationFailed", "PAYLOAD_VERIFICATION_FAILED"],
  ["ErrorCode(2)", "PAYLOAD_CHANGED"],
  ["ErrorCode::PAYLOAD_CHANGED", "PAYLOAD_CHANGED"],
  ["0", "UNKNOWN"],
])("error code %s is %s", (text, name) => {
  expect(errorCode(text)).toMatchObject({ kind: "known", name });
});

test.each(["9", "Melted", ""])("error code %j is kept as it is", (text) => {
  expect(errorCode(text)).toEqual({ kind: "unrecognised", raw: text });
});
