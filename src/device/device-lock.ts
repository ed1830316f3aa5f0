/**
 * A lock on the device itself, for hosts that share one over the network, and for runs of one host with other caches.
 * The kernel there holds it: `flock` on the folder /data/local/tmp, by a shell that lives as long as we are attached to
 * it, so that our death, or that of the connection, frees the device. A link beside it tells who that is.
 */
import { hostname, userInfo } from "node:os";
import { withDeadline } from "../base/deadline.js";
import { describeError, InfrastructureError } from "../base/errors.js";
import { printableLine } from "../base/printable.js";
import { sinceWhen } from "../process/locks/file-lock.js";
import { outputsEnded } from "./adb/shell/attached-command.js";
import type { Device, DeviceProcess } from "./contract.js";

const PATH = "/data/local/tmp/avf-lock";
const TAKE_TIMEOUT_MS = 30_000;
const RELEASE_TIMEOUT_MS = 5_000;
const BUSY = 75;
const IN_THE_WAY = 73;
const MAX_OWNER_CHARACTERS = 1_000;

/**
 * The kernel gives the folder to one shell at a time and takes it back when that shell dies, so there is nothing stale to
 * take over, and whoever has it may replace the link. mksh hands no file but the first three to what it starts: hence
 * `<&9`, which is the same open file. Earlier versions had only the link, `PID TICKS OWNER`: one of theirs whose process
 * lives counts. What is no such link is somebody else's, and stays.
 */
const SCRIPT = `
ticks() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20; }
busy() { seen=\${seen#* }; echo "\${seen#* }"; exit ${BUSY}; }
blocked() { echo "$1 is in the way" >&2; exit ${IN_THE_WAY}; }
exec 9<"\${1%/*}"
if ! said=$(flock -xn 0 <&9 2>&1); then
  [ -z "$said" ] || { echo "$said" >&2; exit ${IN_THE_WAY}; }
  seen=$(readlink "$1")
  busy
fi
if [ -L "$1" ]; then
  seen=$(readlink "$1")
  case "$seen" in [0-9]*" "[0-9]*" {"*) ;; *) blocked "$1" ;; esac
  rest=\${seen#* }
  now=$(ticks "\${seen%% *}")
  [ -z "$now" ] || [ "$now" != "\${rest%% *}" ] || busy
  rm -f "$1"
fi
[ ! -e "$1" ] || blocked "$1"
mine="$$ $(ticks $$) $2"
ln -s "$mine" "$1" && [ "$(readlink "$1")" = "$mine" ] || blocked "$1"
trap '[ "$(readlink "$1")" != "$mine" ] || rm -f "$1"' EXIT
trap exit HUP INT TERM
echo held
while read -r line; do :; done
`;

export type DeviceLock =
  | { readonly kind: "held"; release(): Promise<void> }
  /** `alice@lab7 (run jest 123) since 20:31:05 (4 min 10 s ago)` */
  | { readonly kind: "busy"; readonly holder: string };

/** Takes the lock of the device, or returns who has it; does not wait. */
export async function takeDeviceLock(device: Device, runId: string, signal?: AbortSignal): Promise<DeviceLock> {
  const owner = { host: hostname(), user: userName(), run: runId, since: new Date().toISOString() };
  const attached = device.spawn(["sh", "-c", SCRIPT, "sh", PATH, JSON.stringify(owner)]);
  try {
    const wait = { timeoutMs: TAKE_TIMEOUT_MS, signal };
    const answer = await withDeadline(`the lock of device ${device.serial}`, wait, () => readAnswer(attached));
    if (answer.held) return { kind: "held", release: () => release(attached) };
    if (answer.exitCode === BUSY) return { kind: "busy", holder: describeOwner(answer.text) };
    throw new InfrastructureError(
      "DEVICE_LOCK",
      `Device ${device.serial} could not be locked: ${printableLine(answer.text)}.`,
      {
        hint: `see what is in the way: adb -s ${device.serial} shell ls -l ${PATH}`,
      },
    );
  } catch (error) {
    await attached.stop();
    throw error;
  }
}

interface Answer {
  readonly held: boolean;
  readonly exitCode?: number | undefined;
  /** What it printed. */
  readonly text: string;
}

async function readAnswer(attached: DeviceProcess): Promise<Answer> {
  let text = "";
  /** Shells complain there of what has nothing to do with the lock. */
  let complaints = "";
  const held = new Promise<Answer>((resolve) => {
    attached.stdout.on("data", (chunk: Buffer) => {
      text = (text + String(chunk)).slice(0, MAX_OWNER_CHARACTERS);
      if (text === "held\n") resolve({ held: true, text });
    });
    attached.stderr.on("data", (chunk: Buffer) => {
      complaints = (complaints + String(chunk)).slice(-MAX_OWNER_CHARACTERS);
    });
  });
  const ended = attached.ended.then(async ({ exitCode }): Promise<Answer> => {
    // Its last words may be on their way still.
    await outputsEnded(attached);
    return { held: false, exitCode, text: text.trim() || (exitCode === BUSY ? "" : complaints.trim()) };
  });
  return Promise.race([held, ended]);
}

/** The end of its input ends the process there, which removes the link. */
async function release(attached: DeviceProcess): Promise<void> {
  attached.stdin.end();
  try {
    await withDeadline("the release of the lock", { timeoutMs: RELEASE_TIMEOUT_MS }, () => attached.ended);
  } catch {
    await attached.stop();
  }
}

function describeOwner(text: string): string {
  try {
    const { host, user, run, since } = JSON.parse(text) as Readonly<Record<string, string | undefined>>;
    return printableLine(
      `${user ?? "somebody"}@${host ?? "another host"} (run ${run ?? "unknown"})${sinceWhen(since)}`,
    );
  } catch {
    return printableLine(text === "" ? "somebody" : text);
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch (error) {
    return `user ${process.getuid?.() ?? describeError(error)}`;
  }
}
