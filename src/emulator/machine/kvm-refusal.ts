/** Why this host's KVM does not run the emulated device, and what its owner can do about it. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";

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
    accessSync(paths.kvm, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      return "this user may not open /dev/kvm; it belongs to group kvm, and `sudo usermod -aG kvm $USER` lets them in";
    }
    const module = vendorModule(paths);
    if (module === undefined) return "this host has no /dev/kvm, and its CPU shows no virtualisation (vmx or svm)";
    return `this host has no /dev/kvm although its CPU has virtualisation; \`sudo modprobe ${module}\` may bring it`;
  }
}

/** KVM ran a kernel, but that kernel saw no KVM of its own. */
export function explainNoNesting(paths: HostPaths = HOST): string {
  const loaded = Object.values(VENDORS).find((module) => existsSync(`${paths.modules}/${module}/parameters/nested`));
  const module = loaded ?? vendorModule(paths);
  const lead = "KVM works, but without nested virtualisation, so no VM could run in the device";
  if (module === undefined) return lead;
  const value = loaded === undefined ? undefined : readOr(`${paths.modules}/${module}/parameters/nested`).trim();
  if (value === "N" || value === "0") {
    const reload = `sudo modprobe -r ${module} && sudo modprobe ${module} nested=1`;
    return `${lead}: parameter nested of ${module} is ${value}; \`${reload}\` turns it on`;
  }
  return `${lead}, although parameter nested of ${module} is ${value ?? "not shown"}: the host may be a VM itself`;
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
