/** A `vm` tool that behaves as Android's does, with a guest that a test writes as a few lines of shell. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_RELEASE, releaseOfSdk, type AndroidRelease } from "../../base/android-release.js";
import { HostDevice } from "../../device/testing/host-device.js";
import { openVirtualizationService } from "../client.js";
import type { AppVmConfig, VirtualizationService, VmEvent } from "../contract.js";
import { TAIL } from "../followed-file.js";
import { VM_TOOL } from "../tool.js";

/** In a guest: `created LINE`, `$console` and `$log`; `last_words` may be redefined. */
const TOOL = `#!/bin/bash
running=$STATE/running
case "$*" in
--help) cat $STATE/help; exit ;;
'run-app --help') cat $STATE/help-run-app; exit ;;
'run --help') cat $STATE/help-run; exit ;;
'run-app --cpu-topology cpu_count=1') cat $STATE/help-cpus >&2; exit 2 ;;
esac
case $1 in
info) echo 'Only non-protected VMs are supported.' ;;
check-feature-enabled) echo "Feature $2 is disabled" ;;
list)
  echo 'Running VMs: ['
  for vm in $running/*; do
    [ -e "$vm" ] && echo " VirtualMachineDebugInfo { cid: \${vm##*/}, temporaryDirectory: \\"/t\\", requesterUid: 2000, requesterPid: 1 },"
  done
  echo ']' ;;
run-app|run)
  [ $1 = run ] && cp "\${!#}" $STATE/config
  printf '%s\\n' "$@" >$STATE/arguments
  while [ $# -gt 0 ]; do
    case $1 in --console) console=$2 ;; --log) log=$2 ;; esac
    shift
  done
  die() { rm -f $running/2048; }
  trap die EXIT
  trap 'last_words; exit 129' HUP
  last_words() { :; }
  created() { mkdir -p $running; : >$running/2048; echo "$1"; }
  : >$console; : >$log
  . $STATE/guest ;;
esac
`;

export class ScriptedTool {
  /** Holds the tool, its guest and its VMs. */
  readonly folder = mkdtempSync(join(tmpdir(), "avf-vm-"));
  readonly device: HostDevice;
  #sdk = 35;
  readonly #scratch = join(this.folder, "scratch");

  constructor() {
    this.#write("vm", TOOL.replaceAll("$STATE", this.folder));
    this.#show(35);
    const getprop = join(this.folder, "getprop");
    this.device = new HostDevice({ programs: { [VM_TOOL]: join(this.folder, "vm"), [TAIL]: "tail", getprop } });
  }

  /** A device of that release whose next VM does as the guest says; its run is prepared. */
  async service(guest: string, sdk = 35): Promise<VirtualizationService> {
    this.#write("guest", guest);
    this.#show(sdk);
    const service = await openVirtualizationService(this.device);
    rmSync(this.#scratch, { recursive: true, force: true });
    await service.prepareRun(this.#scratch);
    return service;
  }

  config(change: Partial<AppVmConfig> = {}): AppVmConfig {
    const instanceIdPath = this.#sdk >= 35 ? "/instance_id" : undefined;
    return { ...PLAIN, instanceIdPath, scratchPath: this.#scratch, ...change };
  }

  /** Ids of processes that are still about this tool. */
  async processes(): Promise<string> {
    return (await this.device.execUnchecked(["pgrep", "-f", this.folder])).stdout;
  }

  async remove(): Promise<void> {
    await this.device.close();
    rmSync(this.folder, { recursive: true });
  }

  /** What the tool prints as its help: by default that of its release. */
  writeHelp(name: "help" | "help-run-app" | "help-run" | "help-cpus", text: string): void {
    this.#write(name, text);
  }

  #show(sdk: number): void {
    this.#sdk = sdk;
    this.#write("getprop", `#!/bin/sh\ncase $1 in *.sdk) echo ${sdk} ;; *) echo build-${sdk}-${this.folder} ;; esac\n`);
    const help = helpOf(releaseOfSdk(sdk) ?? DEFAULT_RELEASE);
    this.#write("help", help(["--help"]));
    this.#write("help-run-app", help(["run-app", "--help"]));
    this.#write("help-run", help(["run", "--help"]));
    this.#write("help-cpus", help(["run-app", "--cpu-topology", "cpu_count=1"]));
  }

  #write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
    chmodSync(join(this.folder, name), 0o755);
  }
}

/** What clap says to a command line for that release. */
export function helpOf(release: AndroidRelease): (args: readonly string[]) => string {
  const golden = join(__dirname, `../../../fixtures/golden/vm-tool/clap-${release}.json`);
  const answers = JSON.parse(readFileSync(golden, "utf8")) as readonly { args: readonly string[]; text: string }[];
  return (args) => answers.find((answer) => answer.args.join(" ") === args.join(" "))?.text ?? "";
}

const PLAIN: AppVmConfig = {
  name: "vm1",
  apkPath: "/a.apk",
  idsigPath: "/a.idsig",
  instanceImagePath: "/instance.img",
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
  scratchPath: "/scratch",
};

/** Everything a VM reported, with whole consoles. */
export class Told {
  readonly events: Exclude<VmEvent, { kind: "console" | "log" }>[] = [];
  console = Buffer.alloc(0);
  log = "";
  readonly listen = (event: VmEvent): void => {
    if (event.kind === "console") this.console = Buffer.concat([this.console, event.chunk]);
    else if (event.kind === "log") this.log += String(event.chunk);
    else this.events.push(event);
  };
  get kinds(): readonly string[] {
    return this.events.map((event) => (event.kind === "state" ? event.state : event.kind));
  }
}
