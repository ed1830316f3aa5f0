/** The programs of the device that are avfd's, by name. client/avfdc.c is what runs under these names. */
import type { Command } from "../caller.js";
import type { Device } from "../device.js";
import { cmd } from "./cmd.js";
import { dumpsys } from "./dumpsys.js";
import { getprop } from "./getprop.js";
import { logcat } from "./logcat.js";
import { pm } from "./pm/pm.js";
import { service } from "./service.js";
import { setprop } from "./setprop.js";
import { vmAttach } from "./vm-attach.js";
import { vm } from "./vm/vm.js";

export function deviceCommands(device: Device): ReadonlyMap<string, Command> {
  const packageManager = pm(device);
  return new Map<string, Command>([
    ["getprop", getprop(device.properties)],
    ["setprop", setprop(device.properties, device.log)],
    ["logcat", logcat(device.log)],
    ["pm", packageManager],
    ["cmd", cmd(new Map([["package", packageManager]]))],
    ["dumpsys", dumpsys(device)],
    ["service", service()],
    ["vm", vm(device)],
    ["vm-attach", vmAttach(device)],
  ]);
}
