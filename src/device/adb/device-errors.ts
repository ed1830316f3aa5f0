/** Ways in which a device is not there for us, each with what to do about it. */
import { InfrastructureError } from "../../base/errors.js";
import { describeForeignServer } from "./server/server-user.js";

/**
 * Serial of a device on the network: what `adb connect` takes (ParseNetAddress of libbase). An IPv6 address is in brackets;
 * names may have `_`, which resolvers take.
 */
export const HOST_PORT = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]):(\d{1,5})$/;

/** `device`, or why it cannot be used; `absent` when the server does not know it, `broken` when a connection was. */
export type DeviceState = "device" | "absent" | (string & {});

export function stateError(serial: string, state: DeviceState, known: readonly string[] = []): InfrastructureError {
  switch (state.startsWith("no permissions") ? "no permissions" : state) {
    case "absent":
      return new InfrastructureError("DEVICE_NOT_FOUND", `adb knows no device ${serial}.`, {
        hint: absentHint(serial, known),
      });
    case "offline":
      return new InfrastructureError(
        "DEVICE_OFFLINE",
        `Device ${serial} is offline: adb knows it, but it does not answer.`,
        {
          hint: isTcpSerial(serial) ? `adb disconnect ${serial}; adb connect ${serial}` : `adb -s ${serial} reconnect`,
        },
      );
    case "connecting":
    case "detached":
      return new InfrastructureError(
        "DEVICE_OFFLINE",
        `Device ${serial} is not connected yet: adb calls it ${state}.`,
        {
          hint: state === "detached" ? `adb -s ${serial} attach` : `wait until it is: adb -s ${serial} wait-for-device`,
        },
      );
    case "unauthorized":
    case "authorizing":
      return new InfrastructureError("DEVICE_UNAUTHORIZED", `Device ${serial} has not allowed this host to debug it.`, {
        hint:
          foreignServer(serial) ??
          `unlock its screen and accept the dialog; if none shows: adb -s ${serial} reconnect. ` +
            "Where nobody can, start the adb server with a key that it knows: ADB_VENDOR_KEYS=FILE adb start-server. " +
            "An emulated device knows the keys of who started it: use an adb server of the same user",
      });
    case "no permissions":
      return new InfrastructureError("DEVICE_NO_PERMISSION", `This user may not open the USB device ${serial}.`, {
        hint: "install the udev rules (apt-get install android-sdk-platform-tools-common) and plug it in again",
      });
    case "broken":
      return new InfrastructureError(
        "ADB_CONNECTION",
        `The connection to device ${serial} broke before the command had ended.`,
        {
          hint: `try again; if it happens often: adb -s ${serial} reconnect`,
        },
      );
    default:
      return new InfrastructureError(
        "DEVICE_STATE",
        `Device ${serial} is in state "${state}", which runs no commands.`,
        {
          hint: `bring it back into Android: adb -s ${serial} reboot`,
        },
      );
  }
}

/** The likely cause where a device of this host, which shows no dialog, refuses. */
function foreignServer(serial: string): string | undefined {
  return serial.startsWith("127.0.0.1:") ? describeForeignServer() : undefined;
}

/** The device was there and left. */
export function goneError(serial: string, how: string): InfrastructureError {
  return new InfrastructureError("DEVICE_GONE", `Device ${serial} went away: ${how}.`, {
    hint: isTcpSerial(serial)
      ? `see whether it rebooted or its network broke off; to get it back: adb connect ${serial}`
      : `see whether it rebooted or lost its cable: adb devices -l; to wait for it: adb -s ${serial} wait-for-device`,
  });
}

/** adb forgets a device on the network when its connection is lost, and does not reconnect by itself. */
function absentHint(serial: string, known: readonly string[]): string {
  const knows = known.length > 0 ? `it knows: ${known.join(", ")}` : "it knows none at all: see adb devices -l";
  return isTcpSerial(serial) ? `adb connect ${serial}; ${knows}` : knows;
}

/** Those that adb found by itself it connects to by itself. */
export function isTcpSerial(serial: string): boolean {
  return HOST_PORT.test(serial);
}

/** What the adb server says when it does not reach the device; undefined for other reasons of a refusal. */
export function stateFromRefusal(reason: string): DeviceState | undefined {
  const [line = ""] = reason.split("\n", 1);
  if (/^(device '.*' not found|device not found|no devices(\/emulators)? found)$/.test(line)) return "absent";
  if (line === "device offline") return "offline";
  const still = /^device still (connecting|authorizing)$/.exec(line)?.[1];
  if (still !== undefined) return still;
  if (/^device unauthorized\.?$/.test(line)) return "unauthorized";
  if (line.startsWith("insufficient permissions for device")) return "no permissions";
  if (/^(closed|protocol fault.*)$/.test(line)) return "broken";
  return undefined;
}
