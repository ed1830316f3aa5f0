/** What is printed about a hold: what is kept, how to reach it, how to end it. */
import type { HeldVm, HoldRecord } from "../../artifacts/holds/hold-records.js";
import { formatMs } from "../../base/deadline.js";
import { shortPath } from "../evidence/evidence.js";
import { canReadTerminal } from "./terminal.js";

export function describeHold(note: HoldRecord): string {
  const { serial, device, evidence } = note;
  const until = new Date(note.endsMs).toTimeString().slice(0, 8);
  const time = formatMs(note.endsMs - note.startedMs);
  const rows = [
    ["device", device === undefined ? serial : `${device} (${serial})`, deviceCommand(note)],
    ...note.vms.flatMap(vmRows),
    ...(evidence === undefined ? [] : [["saved", `${shortPath(evidence)}/`, ""]]),
    ["end it", `npx avf end-hold ${note.id}${canReadTerminal() ? ", Enter" : ""}, or Ctrl-C to end the run`, ""],
  ];
  const width = Math.max(...rows.map(([, what = "", command = ""]) => (command === "" ? 0 : what.length)));
  const lines = rows.map(([name = "", what = "", command = ""]) =>
    `  ${name.padEnd(10)} ${command === "" ? what : `${what.padEnd(width)}   ${command}`}`.trimEnd(),
  );
  return [`avf: "${note.test}" failed; its device and VMs are held for ${time}, until ${until}.`, ...lines, ""].join(
    "\n",
  );
}

function deviceCommand({ serial, device }: HoldRecord): string {
  return device === undefined ? `adb -s ${serial} shell` : `npx avf device shell ${device}`;
}

function vmRows({ name, status, cid, adbPort }: HeldVm): string[][] {
  const rows = [[name, cid === undefined ? status : `${status}, CID ${cid}`, `npx avf console ${name}`]];
  if (adbPort === undefined) return rows;
  const address = `127.0.0.1:${adbPort}`;
  return [...rows, ["", "", `adb connect ${address} && adb -s ${address} shell`]];
}
