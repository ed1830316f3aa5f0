/** What the commands are called and take: their arguments are parsed by it, and help and docs/commands.md are made from it. */
import { REPORT_FILES } from "../reporter/report-files.js";
import type { CommandSpec } from "./command-spec.js";

const JSON_OPTION = { json: { type: "boolean", help: "for programs" } } as const;
const KEY_OPTIONS = {
  key: { type: "string", value: "FILE", help: "private key, PEM or DER, not encrypted" },
  cert: { type: "string", value: "FILE", help: "the key's certificate, PEM or DER; made when there is none" },
} as const;
const SDK_OPTION = {
  sdk: { type: "string", value: "N", help: "SDK of the device, chooses the v3 signer (35)" },
} as const;

export const COMMANDS = {
  start: {
    takes: "",
    summary: "the emulated device, vm1 and vm2 on it, their consoles",
    options: {},
  },
  setup: {
    takes: "[--fresh | --renew WHAT]...",
    summary: "host tools, device image, snapshot: whatever is missing",
    options: {
      fresh: { type: "boolean", help: "rebuild everything, although it is there" },
      renew: {
        ...{ type: "string", multiple: true, value: "WHAT" },
        help: "rebuild one thing, and what is made of it: accelerator, packages, image, snapshot",
      },
    },
  },
  doctor: {
    takes: "[--why SUITE] [--json]",
    summary: "what is there, what is missing, the command that fixes it",
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
    summary: "an emulated device that stays until it is stopped",
    options: {
      name: { type: "string", value: "N", help: "its name (avf-1, avf-2…)" },
      port: { type: "string", value: "N", help: "port of 127.0.0.1 for adb (a free one)" },
      cpus: { type: "string", value: "N", help: "how many processors it has: 1 or 2 (2)" },
      cold: { type: "boolean", help: "boot, instead of continuing from the snapshot" },
      ...JSON_OPTION,
    },
    notes: ["Without a terminal stdout has only the serial: serial=$(npx avf device start)."],
  },
  "device stop": {
    takes: "[N | --all]",
    summary: "end it; without a name, the only one that runs",
    options: { all: { type: "boolean", help: "all that avf device start made" } },
  },
  "device list": {
    takes: "[--json]",
    summary: "emulated devices that run, those of test runs too",
    options: JSON_OPTION,
  },
  "device shell": {
    takes: "[N] [-- COMMAND...]",
    summary: "a shell on it, as adb shell gives; or one command",
    options: {},
    notes: ["Devices of test runs can be named too: while a test is held (AVF_HOLD), look at its device this way."],
    exitCodes: ["that of the command"],
  },
  run: {
    takes:
      "APK [--config PATH | --payload LIB] [--name NAME] [--mem MIB] [--cpus N] [--raw], or " +
      "--kernel FILE [--initrd FILE | --rootfs DIR [--rootfs-as-disk]] [--params TEXT] [--disk F[:rw]]... " +
      "[--exec CMD [--module FILE]...]",
    summary: "one VM, console on stdout, exit code of its payload",
    options: {
      kernel: {
        type: "string",
        value: "FILE",
        help: "a kernel of your own instead of an APK: bzImage, vmlinux, Image",
      },
      initrd: { type: "string", value: "FILE", help: "its initramfs" },
      rootfs: { type: "string", value: "DIR", help: "a folder that an initramfs is made of" },
      "rootfs-as-disk": { type: "boolean", help: "an ext4 disk of it instead, /dev/vda, gone with the VM" },
      params: { type: "string", value: "TEXT", help: "its command line, after console=ttyS0 panic=-1" },
      disk: { type: "string", multiple: true, value: "F[:rw]", help: "a disk of the VM; :rw keeps what it writes" },
      exec: { type: "string", value: "CMD", help: "run this line in a shell in the VM; its exit code is ours" },
      module: {
        type: "string",
        multiple: true,
        value: "FILE",
        help: "a kernel module to load before it, in this order",
      },
      config: { type: "string", value: "PATH", help: "payload config in the APK (assets/vm_config.json)" },
      payload: { type: "string", value: "LIB", help: "payload library in the APK, instead of a config" },
      name: { type: "string", value: "NAME", help: "name of the VM (vm1)" },
      mem: { type: "string", value: "MIB", help: "memory in MiB" },
      cpus: {
        type: "string",
        value: "N",
        help: "how many processors the VM has; Android 14 and 15: 1, or as many as the device (1)",
      },
      raw: { type: "boolean", help: "let what the VM prints act on the terminal" },
    },
    notes: [
      "The VM's log and what avf has to say are on stderr. X.apk.idsig beside X.apk is used.",
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
    summary: "follow a VM that runs, from another terminal",
    options: {
      device: { type: "string", value: "N", help: "name or serial, when VMs of that name run on several" },
      log: { type: "boolean", help: "the VM's log instead of its console" },
      raw: { type: "boolean", help: "let what the VM prints act on the terminal, as with avf run" },
    },
    notes: [
      "It only reads. It begins with what was printed so far, and ends with the VM and the reason of its death. Of a VM that is held (AVF_HOLD) and has ended, it shows what there is.",
    ],
  },
  gdb: {
    takes: "[VM | ADDRESS] [--device SERIAL] [--vmlinux FILE] [-- GDB ARGS]",
    summary: "gdb, attached to the kernel of a VM started with its stub",
    options: {
      device: { type: "string", value: "SERIAL", help: "its device, when VMs of that name have a stub on several" },
      vmlinux: { type: "string", value: "FILE", help: "the kernel with debug information, for names and lines" },
    },
    notes: [
      "For a VM that was started with vm.run({ gdb: true }): ADDRESS is vm.gdb.address; without either, the only such VM. What follows -- is passed to gdb.",
    ],
    exitCodes: ["that of gdb"],
  },
  "end-hold": {
    takes: "[ID | --all]",
    summary: "end the hold of a failed test (AVF_HOLD)",
    options: { all: { type: "boolean", help: "all that are held" } },
  },
  test: {
    takes: "[JEST ARGS]",
    summary: "Jest; with our preset in a folder that has no config",
    options: {},
    notes: [
      "All arguments are Jest's: a part of a path chooses suites, -t chooses tests. In a folder without a Jest configuration its APKs are installed, or the sample APK when there is none.",
    ],
    exitCodes: ["Jest's: 0 when all passed, 1 when a test failed"],
  },
  report: {
    takes: "[RUN]",
    summary: "make the reports of a run again, also of one that was killed",
    options: {},
    notes: [
      `RUN is a folder, or the name of one in avf-results; without it, the latest. Made from its events: ${REPORT_FILES.join(", ")}.`,
    ],
  },
  "report merge": {
    takes: "DIR... --out OUT",
    summary: "one report of the runs of several shards, or hosts",
    options: { out: { type: "string", short: "o", value: "OUT", help: "folder for it, not there or empty (also -o)" } },
    notes: [
      "Each DIR is the folder of a run, or has some below it. Tests that ran in several runs, as after a job was started again, are one with all their attempts. A shard that is missing or was cut short is reported, and so is a clock that cannot be right. With AVF_HISTORY the runs are added to the history.",
    ],
    exitCodes: ["1  a shard is missing, or was cut short and not run again", "2  the same run is there twice"],
  },
  history: {
    takes: "[FILE...] [--runs N] [--json] [--out FILE]",
    summary: "what past runs tell: flaky, failing, slow, slower",
    options: {
      runs: { type: "string", value: "N", help: "how many of a test's last runs are looked at (50)" },
      ...JSON_OPTION,
      out: { type: "string", value: "FILE", help: "join the files into this one instead, each run once" },
    },
    notes: [
      "FILE is what runs with AVF_HISTORY=FILE added to; without it, that of AVF_HISTORY. Several are taken as one. A test is flaky in a run where it passed when it was tried again, or failed although it passed in another run of the same commit.",
    ],
  },
  "new suite": {
    takes: "NAME [--ts | --js]",
    summary: "a suite that runs and passes as written",
    options: {
      ts: { type: "boolean", help: "TypeScript, whatever the project uses" },
      js: { type: "boolean", help: "JavaScript, whatever the project uses" },
    },
  },
  sample: {
    takes: "[DIR]",
    summary: "an APK whose payload greets, and the header for payloads",
    options: {},
    notes: ["Writes them into DIR, or the current folder. Nothing is overwritten."],
  },
  "apk show": {
    takes: "APK [--json]",
    summary: "package, version, digests and signers, payload configs",
    options: JSON_OPTION,
    exitCodes: [
      "1  the APK is refused: no signature, one that does not hold or cannot be judged, or a manifest that cannot be read",
    ],
  },
  "apk build": {
    takes: "DIR OUT.apk [--key FILE [--cert FILE]] [--compress]",
    summary: "an APK from a folder, signed v2 + v3, aligned",
    options: { ...KEY_OPTIONS, compress: { type: "boolean", help: "deflate what is no library" } },
    notes: [
      "DIR holds AndroidManifest.xml (text), and what else goes into the APK: assets/, lib/<abi>/… Without --key a throw-away key signs.",
    ],
    exitCodes: ["1  the folder is refused, with the reason"],
  },
  "idsig create": {
    takes: "APK [OUT] [--release 13|15] [--sdk N] [--key FILE [--cert FILE]]",
    summary: "the idsig of an APK (OUT: APK.idsig)",
    options: {
      release: { type: "string", value: "13|15", help: "Android release whose vm tool is followed (15)" },
      ...SDK_OPTION,
      ...KEY_OPTIONS,
    },
    notes: ["With --key it is signed, as apksigner does; AVF's own are not. Release 15 needs an APK signed with v3."],
    exitCodes: ["1  the APK is refused, with the reason"],
  },
  "idsig verify": {
    takes: "APK IDSIG [--sdk N] [--json]",
    summary: "whether an idsig is that of an APK",
    options: { ...SDK_OPTION, ...JSON_OPTION },
    exitCodes: ["1  it is not, with the reason"],
  },
  "idsig show": { takes: "IDSIG [--json]", summary: "what is in an idsig", options: JSON_OPTION },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export type CommandName = keyof typeof COMMANDS;

export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "done"],
  ["1", "it failed: the device, the host, or what was looked at; stderr says why"],
  ["2", "the command line is wrong, or names something that does not exist; nothing was done"],
  [
    "129, 130, 141, 143",
    "ended by SIGHUP, Ctrl-C, a reader that closed the pipe (avf run … | head) or SIGTERM, after putting things back",
  ],
];
