/** A case about VMs, on a device in memory: calls of the manager, of VMs, and what others do to the files in between. */
import { FEATURE_LLPVM_CHANGES, STATUS_CODES } from "../../constants.js";
import { writeConfigXml } from "../../config/xml/config-xml.js";
import { VirtualMachineManager } from "../../manager.js";
import { MemoryService } from "../memory-service.js";
import { outcomeOf, outcomeOfAsync } from "./outcome.js";
import { releaseOf } from "../../config/release-of.js";
import type { ServiceCapabilities } from "../../../virtualizationservice/contract.js";
import type { VirtualMachineConfig } from "../../config/config.js";
import type { VirtualMachineDescriptor } from "../../files/descriptor.js";
import type { VirtualMachine } from "../../machine.js";
import type { VmContext } from "../../context.js";
import type { Answer, GivenConfig, OracleCase, Outcome, Step } from "./cases.js";

type ManagerCase = Extract<OracleCase, { kind: "manager" }>;
type Build = (config: GivenConfig, capabilities: ServiceCapabilities) => VirtualMachineConfig;

const FOLDER = "$FOLDER";
const ROOT = "/data/avf/com.example";

export async function answerManager(
  given: ManagerCase,
  capabilities: ServiceCapabilities,
  build: Build,
): Promise<Answer> {
  const device = new CaseDevice(given, capabilities);
  for (const [name, config] of Object.entries(given.configs)) {
    const here = JSON.parse(JSON.stringify(config).replaceAll(FOLDER, ROOT)) as GivenConfig;
    const built = outcomeOf(() => build(here, capabilities));
    if (!("ok" in built)) return { built: false };
    device.configs.set(name, built.ok as VirtualMachineConfig);
  }
  const steps: Outcome[] = [];
  for (const step of given.steps) steps.push(await outcomeOfAsync(() => device.take(step)));
  const answer = { built: true, steps, files: device.files() };
  return JSON.parse(JSON.stringify(answer).replaceAll(ROOT, FOLDER)) as Answer;
}

class CaseDevice {
  readonly configs = new Map<string, VirtualMachineConfig>();
  readonly #service = new MemoryService();
  readonly #manager: VirtualMachineManager;
  readonly #known: VirtualMachine[] = [];
  readonly #vms = new Map<string, VirtualMachine>();
  readonly #descriptors = new Map<string, VirtualMachineDescriptor>();
  readonly #release: ReturnType<typeof releaseOf>;

  constructor({ instanceIds, assets }: ManagerCase, capabilities: ServiceCapabilities) {
    const { files, features } = this.#service;
    if (instanceIds) for (const feature of [FEATURE_LLPVM_CHANGES]) features.add(feature);
    // What the service makes of a config is not asked here.
    for (const name of ["MULTI_TENANT", "NETWORK", "VENDOR_MODULES"]) features.add(`com.android.kvm.${name}`);
    this.#service.answers = { ...capabilities, features };
    this.#release = releaseOf({ ...capabilities });
    files.entries.set(`${ROOT}/base.apk`, Buffer.from("apk"));
    files.entries.set(`${ROOT}/com.other.apk`, Buffer.from("apk"));
    for (const folder of ["/data", "/data/avf", ROOT]) files.entries.set(folder, undefined);
    this.#manager = VirtualMachineManager.getInstance(this.#context(assets));
  }

  #context(assets: ManagerCase["assets"]): VmContext {
    const { files } = this.#service;
    const apkOf = (name: string): string => `${ROOT}/${name}.apk`;
    return {
      ...{ packageName: "com.example", apkPath: apkOf("base"), dataFolder: ROOT, service: this.#service },
      capabilities: { ...this.#service.answers, features: this.#service.features } as ServiceCapabilities,
      resolvePackage: async (name) => (files.entries.has(apkOf(name)) ? apkOf(name) : undefined),
      readApkEntry: async (path, entry) => {
        if (!files.entries.has(path)) throw new Error(`${path}: No such file or directory`);
        const content = path === apkOf("base") ? assets[entry] : undefined;
        return content === undefined ? undefined : Buffer.from(content.replaceAll(FOLDER, ROOT));
      },
    };
  }

  /** Of all VMs; of config.xml the content too. What is printed during a run is Android's to keep elsewhere. */
  files(): Readonly<Record<string, string>> {
    const root = `${ROOT}/vm/`;
    const entries = [...this.#service.files.entries].filter(
      ([path]) => path.startsWith(root) && !/\/run-[0-9a-f]{8}(?:\/|$)/.test(path),
    );
    return Object.fromEntries(
      entries.map(([path, content]) => {
        const name = path.slice(root.length);
        if (content === undefined) return [name, "folder"];
        return [name, name.endsWith(".xml") ? content.toString() : "file"];
      }),
    );
  }

  async take(step: Step): Promise<unknown> {
    const [what, subject, ...more] = step;
    const config = (): VirtualMachineConfig => this.configs.get(String(more[0])) as VirtualMachineConfig;
    switch (what) {
      case "create":
        return this.#keep(step, await this.#manager.create(subject, config()));
      case "getOrCreate":
        return this.#keep(step, await this.#manager.getOrCreate(subject, config()));
      case "get":
        return this.#keep(step, await this.#manager.get(subject));
      case "import": {
        const descriptor = this.#descriptors.get(String(more[1]));
        if (!descriptor) return "no descriptor";
        return this.#keep(step, await this.#manager.importFromDescriptor(subject, descriptor));
      }
      case "delete":
        return this.#manager.delete(subject);
      case "rm":
        return this.#remove(`${ROOT}/vm/${subject}`);
      case "rmApk":
        return this.#remove(`${ROOT}/${subject}`);
      case "write": {
        const path = `${ROOT}/vm/${subject}`;
        const { entries } = this.#service.files;
        const folder = path.slice(0, path.lastIndexOf("/"));
        if (!entries.has(folder) || entries.get(folder) !== undefined) return false;
        entries.set(path, Buffer.from(String(more[0])));
        return true;
      }
      case "closeDescriptor":
        return this.#descriptors.get(subject)?.close();
      default: {
        const vm = this.#vms.get(subject);
        return vm ? this.#takeWith(vm, what, more[0] ?? null, config) : "no vm";
      }
    }
  }

  async #takeWith(
    vm: VirtualMachine,
    what: string,
    argument: string | number | null,
    config: () => VirtualMachineConfig,
  ): Promise<unknown> {
    const xmlOf = (of: VirtualMachineConfig): string => writeConfigXml(of, { release: this.#release });
    switch (what) {
      case "die": {
        const { cid } = vm;
        if (cid !== undefined) this.#service.vms.find((one) => one.cid === cid)?.die("KILLED");
        return null;
      }
      case "getStatus":
        return STATUS_CODES[await vm.getStatus()];
      case "getConfig":
        return xmlOf(vm.getConfig());
      case "setConfig":
        return xmlOf(await vm.setConfig(config()));
      case "connectVsock":
        (await vm.connectVsock(Number(argument))).destroy();
        return null;
      case "toDescriptor":
        this.#descriptors.set(String(argument), await vm.toDescriptor());
        return null;
      case "getName":
        return vm.getName();
      case "toString":
        return vm.toString();
      default: {
        const method = (vm as unknown as Readonly<Record<string, (() => unknown) | undefined>>)[what];
        if (method === undefined) return "absent";
        await method.call(vm);
        return null;
      }
    }
  }

  #remove(path: string): boolean {
    const { entries } = this.#service.files;
    const there = [...entries.keys()].filter((entry) => entry === path || entry.startsWith(`${path}/`));
    for (const entry of there) entries.delete(entry);
    return there.length > 0;
  }

  /** Under the name that the step gives; told as the number of the object, in the order of their making. */
  #keep(step: Step, vm: VirtualMachine | null): string {
    if (vm === null) return "none";
    if (!this.#known.includes(vm)) this.#known.push(vm);
    this.#vms.set(String(step.at(-1)), vm);
    return `vm ${this.#known.indexOf(vm)}`;
  }
}
