/** This host's KVM: why it does not run the emulated device, what its owner can do about it, what answers depend on. */
import { createHash } from "node:crypto";
import { closeSync, constants, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { release } from "node:os";
import { explainClosed, readGroups } from "./closed-kvm.js";

/** Where to look; tests have a folder of their own. */
export interface HostPaths {
  readonly kvm: string;
  readonly modules: string;
  readonly cpuinfo: string;
}

const HOST: HostPaths = { kvm: "/dev/kvm", modules: "/sys/module", cpuinfo: "/proc/cpuinfo" };
/** KVM's module for either maker of CPUs, by the flag that its CPUs have. */
const VENDORS = { vmx: "kvm_intel", svm: "kvm_amd" } as const;

/** What is known without trying; undefined: nothing speaks against a trial. */
export function refuseKvm(paths: HostPaths = HOST): string | undefined {
  try {
    // Of a file without a KVM behind it only this shows it.
    closeSync(openSync(paths.kvm, constants.O_RDWR));
    return undefined;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const module = vendorModule(paths);
    const status = statSync(paths.kvm, { throwIfNoEntry: false });
    if (status !== undefined && code !== "ENOENT") {
      const { uid, gid, mode } = status;
      return explainClosed({ code, uid, gid, mode, module, groups: readGroups() });
    }
    if (module === undefined) return "this host has no /dev/kvm, and its CPU shows no virtualisation (vmx or svm)";
    return `this host has no /dev/kvm although its CPU has virtualisation; \`sudo modprobe ${module}\` may bring it`;
  }
}

/** KVM ran a kernel, but that kernel saw no KVM of its own. */
export function explainNoNesting(paths: HostPaths = HOST): string {
  const { module, value } = nestedParameter(paths);
  const lead = "KVM works, but without nested virtualisation, so no VM could run in the device";
  if (module === undefined) return lead;
  if (isOff(value)) {
    const remedy = isBuiltIn(module, paths)
      ? `it is part of this kernel, and \`${module}.nested=1\` among the kernel's parameters turns it on`
      : `\`sudo modprobe -r ${module} && sudo modprobe ${module} nested=1\` turns it on`;
    return `${lead}: parameter nested of ${module} is ${value}; ${remedy}`;
  }
  return `${lead}, although parameter nested of ${module} is ${value ?? "not shown"}: the host may be a VM itself`;
}

/** VMs cannot run in a VM here: KVM's module is configured so. */
export function nestingIsOff(paths: HostPaths = HOST): boolean {
  return isOff(nestedParameter(paths).value);
}

/** Names all of the host that decides what runs on its KVM. */
export function kvmIdentity(paths: HostPaths = HOST): string {
  const boot = readOr("/proc/sys/kernel/random/boot_id").trim();
  const device = existsSync(paths.kvm) ? `${statSync(paths.kvm).rdev}` : "none";
  const { module, value } = nestedParameter(paths);
  const loaded = readOr(`${paths.modules}/${module ?? "kvm"}/srcversion`).trim();
  return [release(), boot, device, `${module}.nested=${value} ${loaded}`, cpuIdentity(paths)].join(" ");
}

/**
 * Names what a saved state of a machine on KVM depends on: the CPU with all its flags and its microcode, and what the
 * kernel's KVM, by its version and its module's parameters, passes on of them (`-cpu host` is no more than that). A VM that
 * moves to another host keeps the name of its CPU, but not its flags.
 */
export function cpuIdentity(paths: HostPaths = HOST, kernel = release()): string {
  const cpuinfo = readOr(paths.cpuinfo);
  const facts = ["vendor_id", "cpu family", "model", "model name", "stepping", "microcode", "flags", "vmx flags"];
  const lines = facts.map((fact) => new RegExp(`^${fact}\\s*:.*$`, "m").exec(cpuinfo)?.[0] ?? fact);
  const hash = createHash("sha256").update([...lines, kernel, ...moduleParameters(paths)].join("\n"));
  return `cpu-${hash.digest("hex").slice(0, 12)}`;
}

function nestedParameter(paths: HostPaths): {
  readonly module: string | undefined;
  readonly value: string | undefined;
} {
  const path = (module: string): string => `${paths.modules}/${module}/parameters/nested`;
  const vendor = vendorModule(paths);
  // A kernel with both built in shows the parameters of both.
  const modules = vendor === undefined ? Object.values(VENDORS) : [vendor, ...Object.values(VENDORS)];
  const loaded = modules.find((module) => existsSync(path(module)));
  if (loaded === undefined) return { module: vendor, value: undefined };
  return { module: loaded, value: readOr(path(loaded)).trim() };
}

/** As kmod tells it: what was loaded shows a state beside its parameters. */
function isBuiltIn(module: string, { modules }: HostPaths): boolean {
  return !existsSync(`${modules}/${module}/initstate`);
}

/** E.g. nested, npt and vgif, ept and unrestricted_guest. What only says how much is logged is none of a machine's. */
function moduleParameters(paths: HostPaths): readonly string[] {
  const { module } = nestedParameter(paths);
  if (module === undefined) return [];
  const folder = `${paths.modules}/${module}/parameters`;
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith("dump_")) : [];
  return names.sort().map((name) => `${module}.${name}=${readOr(`${folder}/${name}`).trim()}`);
}

/** kvm_intel says N, kvm_amd 0. */
function isOff(value: string | undefined): boolean {
  return value === "N" || value === "0";
}

function vendorModule({ cpuinfo }: HostPaths): string | undefined {
  const flags = new Set((/^flags\s*:(.*)$/m.exec(readOr(cpuinfo))?.[1] ?? "").split(" "));
  if (flags.has("vmx")) return VENDORS.vmx;
  return flags.has("svm") ? VENDORS.svm : undefined;
}

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
