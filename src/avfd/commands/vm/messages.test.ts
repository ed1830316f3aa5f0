/** The texts of AOSP's tool, by release: each is said here, or held by the test that is named, or cannot come about. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ANDROID_RELEASES, type AndroidRelease } from "../../../base/android-release.js";
import { describeError } from "../../../base/errors.js";
import type { Caller } from "../../caller.js";
import { deviceInFolder, type DeviceInFolder } from "../../testing/device-in-folder.js";
import { parseCommandLine } from "./command-line/command-line.js";
import { dialectOf } from "./dialects/index.js";
import { listVms } from "./list.js";
import { formatToolError } from "./rust-text.js";
import { stopVm } from "./stop.js";

const root = join(__dirname, "../../../..");
type Table = Readonly<Record<string, { readonly messages: readonly string[] }>>;
const TABLE = JSON.parse(readFileSync(join(root, "fixtures/golden/vm-tool/messages.json"), "utf8")) as Table;

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await copyFile(join(root, "fixtures/MicrodroidTestApp.apk"), join(host.folder, "app.apk"));
  await writeFile(join(host.folder, "bad.json"), "{");
  await mkdir(join(host.folder, "folder"));
});
afterAll(async () => host[Symbol.asyncDispose]());

interface Files {
  readonly apk?: string;
  readonly idsig?: string;
  readonly image?: string;
}

/** A command line of `run-app` as the release takes it. */
function runApp(release: AndroidRelease, { apk = "app.apk", idsig = "i", image = "img" }: Files, ...options: string[]) {
  const files = [apk, idsig, image];
  const config = "assets/vm_config.json";
  if (release === 13) return ["run-app", ...files, config, ...options];
  const id = release >= 15 ? ["--instance-id-file", "id"] : [];
  const payload = options.includes("--payload-binary-name") || options.includes("--no-payload");
  const given = options.filter((option) => option !== "--no-payload");
  return ["run-app", ...files, ...given, ...(payload ? [] : ["--config-path", config]), ...id];
}

interface Saying {
  readonly args: (release: AndroidRelease) => readonly string[];
  /** What stands there instead of the format string. */
  readonly text?: string;
}

/** Said by a command that ends at once, as the first of its error. */
const SAID: Readonly<Record<string, Saying>> = {
  "Failed to open APK file": { args: (release) => runApp(release, { apk: "none.apk" }) },
  "Failed to create idsig file": { args: (release) => runApp(release, { idsig: "none/i" }) },
  "Failed to create {:?}": {
    args: (release) => runApp(release, { image: "none/img" }),
    text: 'Failed to create "none/img"',
  },
  "Failed to open {:?}": { args: () => ["create-idsig", "none.apk", "i"], text: 'Failed to open "none.apk"' },
  "Failed to create/open {:?}": {
    args: () => ["create-idsig", "app.apk", "none/i"],
    text: 'Failed to create/open "none/i"',
  },
  "Failed to create/update idsig for {:?}": {
    args: () => ["create-idsig", "folder", "i"],
    text: 'Failed to create/update idsig for "folder"',
  },
  "Failed to initialize partition type: {:?}, size: {}": {
    args: (release) => ["create-partition", `p${release}`, "4611686018427387904", "--type", "instance"],
    text: "Failed to initialize partition type: PartitionType(1), size: 4611686018427387904",
  },
  "Failed to open config file": { args: () => ["run", "none.json"] },
  "Failed to parse config file": { args: () => ["run", "bad.json"] },
  "Failed to open console file {:?}": {
    args: (release) => runApp(release, {}, "--console", "none/c"),
    text: 'Failed to open console file "none/c"',
  },
  "Failed to open console output file {:?}": {
    args: (release) => runApp(release, {}, "--console", "none/c"),
    text: 'Failed to open console output file "none/c"',
  },
  "Failed to open console input file {:?}": {
    args: (release) => runApp(release, {}, "--console-in", "none/c", "--log", "none/l"),
    text: 'Failed to open console input file "none/c"',
  },
  "Failed to open log file {:?}": {
    args: (release) => runApp(release, {}, "--log", "none/l"),
    text: 'Failed to open log file "none/l"',
  },
  "Failed to open file to dump device tree: {:?}": {
    args: (release) => runApp(release, {}, "--dump-device-tree", "none/d"),
    text: 'Failed to open file to dump device tree: "none/d"',
  },
  "Failed to create VM": { args: (release) => runApp(release, {}, "--protected") },
  "Found {} extra apks, but there are {} extra idsigs": {
    args: (release) => runApp(release, {}, "--extra-idsig", "e"),
    text: "Found 0 extra apks, but there are 1 extra idsigs",
  },
  "Only one of --config-path or --payload-binary-name can be defined": {
    args: (release) => runApp(release, {}, "--payload-binary-name", "X.so", "--config-path", "assets/vm_config.json"),
  },
  "Either --config-path or --payload-binary-name must be defined": {
    args: (release) => runApp(release, {}, "--no-payload"),
  },
  "No apks match {}": {
    args: () => ["run-microdroid"],
    text: "No apks match /apex/com.android.virt/app/**/EmptyPayloadApp*.apk",
  },
  "CID does not correspond to a running background VM": { args: () => ["stop", "7"] },
  "Stdin must be a terminal (tty). Use 'adb shell -t' to force allocate tty.": { args: () => ["console"] },
};

/** Said by clap, of the value that it names. */
const VALUES: Readonly<Record<string, Saying>> = {
  "Invalid debug level {}": {
    args: (release) => runApp(release, {}, "--debug", "x"),
    text: "Invalid debug level x",
  },
  "Invalid partition type {}": {
    args: () => ["create-partition", "p", "1", "--type", "x"],
    text: "Invalid partition type x",
  },
  "Invalid cpu topology {}": {
    args: (release) => runApp(release, {}, "--cpu-topology", "x"),
    text: "Invalid cpu topology x",
  },
  "Invalid CPU Count: {}": {
    args: (release) => runApp(release, {}, "--cpu-topology", "cpu_count=x"),
    text: "Invalid CPU Count: invalid digit found in string",
  },
};

/** Printed by a command that succeeds. */
const PRINTED: Readonly<Record<string, Saying>> = {
  "Running VMs: {:#?}": { args: () => ["list"], text: "Running VMs: []" },
  "Feature {feature} is {}": { args: () => ["check-feature-enabled", "x"], text: "Feature x is disabled" },
};

const INFO = "output.test.ts: vm info";
const LIFE = "vm.test.ts and releases.test.ts, of a VM that runs";
const MICRODROID = "run/run-microdroid.test.ts";
const OF_RELEASE_13 = "output.test.ts: reasons of death";
const NO_SERVICE = "the service is there as long as the device";
const NOT_BUILT = "of options that this build lacks";

const ELSEWHERE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    TABLE["16"]?.messages
      .filter((text) =>
        /^(\/dev\/|(Both|Only) .*prot|VMs are|VFIO|Hypervisor|Assignable|Available|Debug policy)/.test(text),
      )
      .map((text) => [text, INFO]) ?? [],
  ),
  "Both protected and unprotected VMs are supported.": INFO,
  "Only unprotected VMs are supported.": INFO,
  "Created {} from {} with CID {}, state is {}.": LIFE,
  "Created VM from {} with CID {}, state is {}.": LIFE,
  "Started VM, state now {}.": LIFE,
  "VM encountered an error: code={:?}, message={}": LIFE,
  "VM encountered an error: code={}, message={}": LIFE,
  "VM ended: {:?}": LIFE,
  "payload started": LIFE,
  "payload is ready": LIFE,
  "payload finished with exit code {}": LIFE,
  "Failed to start VM": "vm.test.ts: a monitor that does not start",
  "Found more than one apk matching {}": MICRODROID,
  "apk.idsig path: {}": MICRODROID,
  "creating work dir {}": MICRODROID,
  "found path {}": MICRODROID,
  "instance.img path: {}": MICRODROID,
  "instance_id file path: {}": MICRODROID,
  "failed to mkdir": MICRODROID,
  ...Object.fromEntries(
    TABLE["13"]?.messages
      .filter((text) => /^(VM (crashed|died|shutdown|tried|was)|Error (starting|waiting))/.test(text))
      .map((text) => [text, OF_RELEASE_13]) ?? [],
  ),
  "Failed to get list of VMs": "below, of who has no permission",
  "Failed to get VM from VirtualizationService": "below, of who has no permission",
  "Failed to get VM with console": "of who has a terminal: no VM here has a console of the host's",
  "VirtualizationService unexpectedly died": "attachments hold it as last words",
  "Failed to open idsig file": "it was made a moment before",
  "error reading from virtual machine: {}": "a VM's lines come by way of the service",
  "Failed to get CID": NO_SERVICE,
  "Failed to pass VM to VirtualizationService": NO_SERVICE,
  "Failed to find VirtualizationService": NO_SERVICE,
  "Failed to spawn VirtualizationService": NO_SERVICE,
  "Failed to connect to VirtualizationService": NO_SERVICE,
  "Failed to allocate instance_id": NO_SERVICE,
  "failed to glob": "its pattern is a good one",
  "LLPVM feature is disabled, --instance_id flag not supported": "it is enabled here",
  "Failed to convert {x:?} to String": NOT_BUILT,
  "earlycon is only supported for debuggable VMs": NOT_BUILT,
  "unexpected architecture!": NOT_BUILT,
};

describe.each(ANDROID_RELEASES)("release %d", (release) => {
  // 13 opens the APK for its config first, without words.
  const known = new Set(release === 13 ? ["Failed to open APK file"] : []);
  const of = (cases: Readonly<Record<string, Saying>>): readonly (readonly [string, Saying])[] =>
    Object.entries(cases).filter(([text]) => TABLE[release]?.messages.includes(text) === true && !known.has(text));

  test("each text is accounted for", () => {
    const all = { ...SAID, ...VALUES, ...PRINTED, ...ELSEWHERE };
    expect(TABLE[release]?.messages.filter((text) => !(text in all))).toEqual([]);
  });

  test.each(of(SAID))("%s", async (message, { args, text = message }) => {
    host.device.identity.setRelease(release);
    const { stdout, stderr, exitCode } = await host.run("vm", ...args(release));
    expect(stderr.split("\n")[0]).toBe(`Error: ${text}`);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
  });

  test.each(of(VALUES))("%s", async (_message, { args, text = "" }) => {
    host.device.identity.setRelease(release);
    const { stderr, exitCode } = await host.run("vm", ...args(release));
    expect(stderr).toMatch(/^error: /i);
    expect(stderr).toContain(`: ${text}\n`);
    expect(exitCode).toBe(release === 13 ? 1 : 2);
  });

  test.each(of(PRINTED))("%s", async (_message, { args, text = "" }) => {
    host.device.identity.setRelease(release);
    expect(await host.run("vm", ...args(release))).toEqual({ stdout: `${text}\n`, stderr: "", exitCode: 0 });
  });
});

test("release 13 says of an APK that is missing only what the system does", async () => {
  host.device.identity.setRelease(13);
  const { stderr } = await host.run("vm", ...runApp(13, { apk: "none.apk" }));
  expect(stderr).toBe("Error: No such file or directory (os error 2)\n");
});

test.each([
  ["list", listVms, "Failed to get list of VMs"],
  ["stop", stopVm, "Failed to get VM from VirtualizationService"],
] as const)("vm %s of a user without the permission", async (_name, command, words) => {
  const nobody = { uid: 10_123, gid: 10_123, pid: process.pid } as unknown as Caller;
  const args = parseCommandLine(2, dialectOf(13).commands, [_name, ...(_name === "stop" ? ["7"] : [])]).args;
  const cause = "Status(-1, EX_SECURITY): 'does not have the android.permission.DEBUG_VIRTUAL_MACHINE permission'";
  const said = await command(host.device, nobody, args).catch((error: unknown) =>
    formatToolError(error, describeError),
  );
  expect(said).toBe(`Error: ${words}\n\nCaused by:\n    ${cause}`);
});

test("a size beyond all numbers of the service's has no words of its own", async () => {
  const { stderr } = await host.run("vm", "create-partition", "huge", "18446744073709551615");
  expect(stderr).toBe("Error: out of range integral type conversion attempted\n");
});
