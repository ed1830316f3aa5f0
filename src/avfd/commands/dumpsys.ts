/** `dumpsys`: the state of the two services this device has. */
import type { Caller, Command } from "../caller.js";
import type { Device } from "../device.js";
import type { PackageRecord } from "../packages/package-record.js";

const SERVICES = ["android.system.virtualizationservice", "package"] as const;

export function dumpsys(device: Device): Command {
  return async (caller, [service, ...args]) => {
    if (service === undefined || service === "-l") {
      caller.print(`Currently running services:\n${SERVICES.map((name) => `  ${name}`).join("\n")}`);
      return 0;
    }
    switch (service) {
      case "android.system.virtualizationservice":
        dumpVms(device, caller);
        return 0;
      case "package":
        dumpPackages(device, caller, args[0]);
        return 0;
      default:
        caller.printError(`Can't find service: ${service}`);
        return 0;
    }
  };
}

/** As virtualizationservice writes it (AOSP virtualizationservice/src/aidl.rs). */
function dumpVms({ virtualization }: Device, caller: Caller): void {
  const vms = virtualization.list();
  caller.print(`Running ${vms.length} VMs:`);
  for (const vm of vms) {
    caller.print(`VM CID: ${vm.cid}`);
    caller.print(`\tState: ${vm.state}`);
    caller.print(`\tPayload state: ${vm.state}`);
    caller.print(`\tProtected: ${vm.protectedVm}`);
    caller.print(`\ttemporary_directory: ${vm.temporaryDirectory}`);
    caller.print(`\trequester_uid: ${vm.requester.uid}`);
    caller.print(`\trequester_debug_pid: ${vm.requester.pid}`);
  }
}

function dumpPackages({ packages }: Device, caller: Caller, name: string | undefined): void {
  const records = packages.list().filter((record) => name === undefined || record.name === name);
  if (records.length === 0) return caller.print(`Unable to find package: ${name}`);
  caller.print("Packages:");
  for (const record of records) dumpPackage(caller, record);
}

function dumpPackage(caller: Caller, record: PackageRecord): void {
  caller.print(`  Package [${record.name}]:`);
  caller.print(`    userId=${record.uid}`);
  if (record.codePath !== undefined) caller.print(`    codePath=${record.codePath.replace(/\/base\.apk$/, "")}`);
  caller.print(`    versionCode=${record.versionCode} targetSdk=${record.targetSdk}`);
  caller.print(`    versionName=${record.versionName ?? "null"}`);
  caller.print(`    requested permissions:`);
  for (const permission of record.requestedPermissions) caller.print(`      ${permission}`);
  caller.print(`    install permissions:`);
  for (const permission of record.requestedPermissions) {
    caller.print(`      ${permission}: granted=${record.grantedPermissions.includes(permission)}`);
  }
}
