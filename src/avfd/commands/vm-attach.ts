/**
 * `vm-attach CID`, which Android has not: takes the place of a `vm run-app` that a restored checkpoint of the device has only
 * in memory. It prints what that one printed, from the start on, and the VM lives from then on as long as this process. It
 * waits while it is not known who is a client: until the device has become one of its own.
 */
import type { Command } from "../caller.js";
import type { Device } from "../device.js";
import { dialectOf } from "./vm/dialects/index.js";
import { openConsoleInput } from "./vm/streams/vm-streams.js";

const ROOT_UID = 0;

export function vmAttach({ virtualization, identity }: Device): Command {
  return async (caller, [text, ...rest]) => {
    if (text === undefined || !/^\d{1,10}$/.test(text) || rest.length > 0) {
      caller.printError("Usage: vm-attach CID");
      return 2;
    }
    await virtualization.attachments.settled;
    const attachment = virtualization.attachments.find(Number(text));
    if (attachment === undefined) {
      caller.printError(`vm-attach: no attached VM has CID ${text}`);
      return 1;
    }
    const { vm } = attachment;
    if (caller.uid !== ROOT_UID && caller.uid !== vm.requester.uid) {
      caller.printError(`vm-attach: the VM with CID ${text} belongs to user ${vm.requester.uid}`);
      return 1;
    }
    if (!attachment.isOrphan) {
      caller.printError(`vm-attach: a client is attached to the VM with CID ${text}`);
      return 1;
    }
    if (dialectOf(identity.release).runApp.consoleInput) vm.connectInput(await openConsoleInput(caller, undefined));
    await attachment.follow(caller);
    return 0;
  };
}
