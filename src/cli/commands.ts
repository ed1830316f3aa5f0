/** What the commands are called and take: their arguments are parsed by it, and help and docs/commands.md are made from it. */
import { REPORT_FILES } from "../reporter/report-files.js";
import type { CommandSpec } from "./command-spec.js";

const JSON_OPTION = { json: { type: "boolean", help: "for programs" } } as const;
const KEY_OPTIONS = {
  key: { type: "string", value: "FILE", help: "private key, PEM or DER, not encrypted" },
  cert: { type: "string", value: "FILE", help: "the key's certificate, PEM or DER; default: a self-signed one" },
} as const;
const SDK_OPTION = {
  sdk: { type: "string", value: "N", help: "SDK of the device, which selects the v3 signer (35)" },
} as const;

export const COMMANDS = {
  start: {
    takes: "",
    summary: "start the emulated device and vm1, vm2; show their consoles",
    options: {},
  },
  setup: {
    takes: "[--fresh | --renew WHAT]...",
    summary: "make what is missing: host tools, device image, snapshot",
    options: {
      fresh: { type: "boolean", help: "rebuild everything, even what is up to date" },
      renew: {
        ...{ type: "string", multiple: true, value: "WHAT" },
        help: "rebuild one part, and what is made from it: accelerator, packages, image, snapshot",
      },
    },
  },
  doctor: {
    takes: "[--why SUITE] [--json]",
    summary: "show what is installed, what is missing, and how to fix it",
    options: {
      why: { type: "string", value: "SUITE", help: "why the tests of a suite run or are skipped, on each device" },
      ...JSON_OPTION,
    },
    notes: [
      "With --why: each requirement of the suite with what the devices have. SUITE is a path, or a part of one. The devices are those of ANDROID_SERIAL, else the emulated devices that run, else one that is started for it.",
    ],
    exitCodes: ["1  a run would fail; with --why: no device has what the suite requires"],
  },
  "device start": {
    takes: "[--name N] [--port N] [--cpus N] [--cold] [--json]",
    summary: "start an emulated device that runs until it is stopped",
    options: {
      name: { type: "string", value: "N", help: "its name (avf-1, avf-2…)" },
      port: { type: "string", value: "N", help: "port of 127.0.0.1 for adb (a free one)" },
      cpus: { type: "string", value: "N", help: "number of its processors: 1 or 2 (2)" },
      cold: { type: "boolean", help: "boot it instead of continuing from the snapshot" },
      ...JSON_OPTION,
    },
    notes: ["When stdout is not a terminal, it gets only the serial: serial=$(npx avf device start)."],
  },
  "device stop": {
    takes: "[N | --all]",
    summary: "stop a device; without a name, the only one that is running",
    options: { all: { type: "boolean", help: "all devices that avf device start has started" } },
  },
  "device list": {
    takes: "[--json]",
    summary: "list running emulated devices, also those of test runs",
    options: JSON_OPTION,
  },
  "device shell": {
    takes: "[N] [-- COMMAND...]",
    summary: "open a shell on a device, or run one command there",
    options: {},
    notes: ["N may be a device of a test run: use it to inspect the device of a test that is held (AVF_HOLD)."],
    exitCodes: ["that of the command"],
  },
  run: {
    takes:
      "APK [--config PATH | --payload LIB] [--name NAME] [--mem MIB] [--cpus N] [--raw], or " +
      "--kernel FILE [--initrd FILE | --rootfs DIR [--rootfs-as-disk]] [--params TEXT] [--disk F[:rw]]... " +
      "[--exec CMD [--module FILE]...]",
    summary: "run one VM: console on stdout, exit code of its payload",
    options: {
      kernel: {
        type: "string",
        value: "FILE",
        help: "a kernel of your own instead of an APK: bzImage, vmlinux, Image",
      },
      initrd: { type: "string", value: "FILE", help: "its initramfs" },
      rootfs: { type: "string", value: "DIR", help: "make its initramfs from this folder" },
      "rootfs-as-disk": { type: "boolean", help: "make an ext4 disk from it instead: /dev/vda, deleted with the VM" },
      params: { type: "string", value: "TEXT", help: "its command line, after console=ttyS0 panic=-1" },
      disk: { type: "string", multiple: true, value: "F[:rw]", help: "a disk of the VM; :rw keeps what it writes" },
      exec: { type: "string", value: "CMD", help: "run this line in a shell in the VM, and exit with its exit code" },
      module: {
        type: "string",
        multiple: true,
        value: "FILE",
        help: "a kernel module to load before the command; several are loaded in the order given",
      },
      config: { type: "string", value: "PATH", help: "payload config in the APK (assets/vm_config.json)" },
      payload: { type: "string", value: "LIB", help: "payload library in the APK, instead of a config" },
      name: { type: "string", value: "NAME", help: "name of the VM (vm1)" },
      mem: { type: "string", value: "MIB", help: "memory in MiB" },
      cpus: {
        type: "string",
        value: "N",
        help: "number of processors of the VM; on Android 14 and 15: 1, or as many as the device has (1)",
      },
      raw: { type: "boolean", help: "let what the VM prints act on the terminal" },
    },
    notes: [
      "The VM's log and the messages of avf are on stderr. If there is an X.apk.idsig beside X.apk, it is used.",
      "With --kernel the console is that of your kernel; console=ttyS0 and panic=-1 are put before --params unless those set them. With --exec stdout is what the command prints, the kernel is quiet and what it prints goes to stderr; without --initrd and --rootfs the shell is busybox. docs/custom-vms.md says more.",
      "On a terminal control characters of the VM are shown (\\x1b[2J), not executed, unless --raw is given: they could set the clipboard or draw over other text. Where stdout is no terminal, the console's bytes stay as they are.",
    ],
    exitCodes: [
      "that of the payload, its lowest byte; 1 when the VM ended without one",
      "with --kernel: 0 when the VM shut down, 1 when it panicked, was reset, or ended in another way",
      "with --exec: that of the command; 1 when the VM ended before it",
    ],
  },
  console: {
    takes: "VM [--device N] [--log] [--raw]",
    summary: "follow the console of a running VM, from another terminal",
    options: {
      device: { type: "string", value: "N", help: "name or serial of its device, if VMs of that name run on several" },
      log: { type: "boolean", help: "the VM's log instead of its console" },
      raw: { type: "boolean", help: "let what the VM prints act on the terminal, as with avf run" },
    },
    notes: [
      "It only reads. It shows what was printed so far, then follows the output until the VM ends, and says why it ended. For a VM that has ended but is held (AVF_HOLD), it shows the saved output.",
    ],
  },
  gdb: {
    takes: "[VM | ADDRESS] [--device SERIAL] [--vmlinux FILE] [-- GDB ARGS]",
    summary: "attach gdb to the kernel of a VM started with a gdb stub",
    options: {
      device: { type: "string", value: "SERIAL", help: "its device, if VMs of that name have a stub on several" },
      vmlinux: { type: "string", value: "FILE", help: "the kernel with debug information, for names and lines" },
    },
    notes: [
      "For a VM that was started with vm.run({ gdb: true }): give its name, or the address in vm.gdb.address; without either, the only such VM is taken. What follows -- is passed to gdb.",
    ],
    exitCodes: ["that of gdb"],
  },
  "end-hold": {
    takes: "[ID | --all]",
    summary: "end the hold of a failed test (AVF_HOLD)",
    options: { all: { type: "boolean", help: "end all holds" } },
  },
  test: {
    takes: "[JEST ARGS]",
    summary: "run Jest, with jest-avf's preset if there is no Jest config",
    options: {},
    notes: [
      "All arguments are passed to Jest: a part of a path selects suites, -t selects tests. In a folder without a Jest configuration the APKs in that folder are installed, or the sample APK if there are none.",
    ],
    exitCodes: ["Jest's: 0 when all passed, 1 when a test failed"],
  },
  report: {
    takes: "[RUN]",
    summary: "write the reports of a run again, even of a killed one",
    options: {},
    notes: [
      `RUN is a folder, or the name of one in avf-results; default: the latest run. These files are written from the events of the run: ${REPORT_FILES.join(", ")}.`,
    ],
  },
  "report merge": {
    takes: "DIR... --out OUT",
    summary: "merge the runs of several shards or hosts into one report",
    options: {
      out: { type: "string", short: "o", value: "OUT", help: "folder for the report, new or empty (also -o)" },
    },
    notes: [
      "Each DIR is the folder of a run, or contains such folders. A test that ran in several runs, for example because a job was restarted, is one test with several attempts. Missing and interrupted shards are reported, and so are clocks that cannot be right. With AVF_HISTORY the runs are added to the history.",
    ],
    exitCodes: ["1  a shard is missing, or was interrupted and not run again", "2  the same run was given twice"],
  },
  history: {
    takes: "[FILE...] [--runs N] [--json] [--out FILE]",
    summary: "show which tests are flaky, failing, slow, or slower",
    options: {
      runs: { type: "string", value: "N", help: "how many of the last runs of each test count (50)" },
      ...JSON_OPTION,
      out: { type: "string", value: "FILE", help: "only join the files into this one, without duplicate runs" },
    },
    notes: [
      "FILE is a history that runs with AVF_HISTORY=FILE have written; default: the file of AVF_HISTORY. Several files are read as one history. A test counts as flaky in a run if it passed on a retry, or failed although it passed in another run of the same commit.",
    ],
  },
  "new suite": {
    takes: "NAME [--ts | --js]",
    summary: "write a suite that passes as it is",
    options: {
      ts: { type: "boolean", help: "in TypeScript, whatever the project uses" },
      js: { type: "boolean", help: "in JavaScript, whatever the project uses" },
    },
  },
  sample: {
    takes: "[DIR]",
    summary: "write a sample APK, its idsig, and the header for payloads",
    options: {},
    notes: ["Without DIR the files are written to the current folder. Nothing is overwritten."],
  },
  "apk show": {
    takes: "APK [--json]",
    summary: "show package, version, digests, signers, payload configs",
    options: JSON_OPTION,
    exitCodes: [
      "1  the APK is refused: it has no signature, one that is not valid or not supported, or a manifest that cannot be read",
    ],
  },
  "apk build": {
    takes: "DIR OUT.apk [--key FILE [--cert FILE]] [--compress]",
    summary: "build an APK from a folder, aligned and signed (v2 and v3)",
    options: { ...KEY_OPTIONS, compress: { type: "boolean", help: "compress all files except libraries" } },
    notes: [
      "DIR contains AndroidManifest.xml (as text), and what else goes into the APK: assets/, lib/<abi>/… Without --key the APK is signed with a new key, which is not kept.",
    ],
    exitCodes: ["1  the folder is refused; the reason is printed"],
  },
  "idsig create": {
    takes: "APK [OUT] [--release 13|15] [--sdk N] [--key FILE [--cert FILE]]",
    summary: "create the idsig of an APK (OUT: APK.idsig)",
    options: {
      release: { type: "string", value: "13|15", help: "make it as the vm tool of this Android release does (15)" },
      ...SDK_OPTION,
      ...KEY_OPTIONS,
    },
    notes: [
      "With --key the idsig is signed, as apksigner does it; those that AVF makes are not. --release 15 needs an APK that is signed with v3.",
    ],
    exitCodes: ["1  the APK is refused; the reason is printed"],
  },
  "idsig verify": {
    takes: "APK IDSIG [--sdk N] [--json]",
    summary: "check whether an idsig belongs to an APK",
    options: { ...SDK_OPTION, ...JSON_OPTION },
    exitCodes: ["1  it does not; the reason is printed"],
  },
  "idsig show": { takes: "IDSIG [--json]", summary: "show the content of an idsig", options: JSON_OPTION },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "success"],
  ["1", "it failed: the device, the host, or what was looked at; stderr says why"],
  ["2", "the command line is wrong, or names something that does not exist; nothing was done"],
  [
    "129, 130, 141, 143",
    "ended by SIGHUP, Ctrl-C, a reader that closed the pipe (avf run … | head) or SIGTERM, after cleaning up",
  ],
];
