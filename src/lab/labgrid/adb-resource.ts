/** The device of a place: the resource of it that adb can reach. */
import { InfrastructureError } from "../../base/errors.js";
import { anyOf } from "../../base/text/word-list.js";
import { adbServerAddress } from "../../device/index.js";
import type { Place, Resource } from "./model.js";

type PlaceDevice =
  /** Reached by `adb connect`. */
  | { readonly kind: "network"; readonly address: string }
  /** The adb server knows it. */
  | { readonly kind: "listed"; readonly serial: string };

/** By class, as labgrid's ADB support names them; exporters of releases without it hand on any class with its parameters. */
const CLASSES = ["NetworkADBDevice", "RemoteUSBADBDevice"];

/** @throws InfrastructureError `LAB_NO_DEVICE` that says what the place has instead */
export function deviceOfPlace(place: Place, resources: readonly Resource[]): PlaceDevice {
  const found = resources.find(({ cls }) => CLASSES.includes(cls));
  if (found === undefined) throw unusable(place, describeAll(resources), `export a ${anyOf(CLASSES)} there`);
  const { params, extra } = found;
  const [host, port] = [params.get("host"), Number(params.get("port"))];
  const address = `${String(host)}:${port}`;
  if (typeof host !== "string" || !/^[\w.:-]+$/.test(host) || !(port > 0 && port < 65_536)) {
    throw unusable(place, `its ${found.path} names no host and port`, "see the exporter's configuration");
  }
  if (!found.avail) throw unusable(place, `its ${found.path} is not available`, "see whether the device is plugged in");
  if (extra.get("proxy_required") === true) {
    throw unusable(
      place,
      `its exporter wants an SSH proxy, ${String(extra.get("proxy"))}`,
      "start it without --isolated",
    );
  }
  if (found.cls === "NetworkADBDevice") return { kind: "network", address };
  const serial = params.get("serialno");
  if (typeof serial !== "string")
    throw unusable(place, `its ${found.path} names no serial`, "see the exporter's configuration");
  requireServer(place, host, port);
  return { kind: "listed", serial };
}

/** All devices of a process are behind one adb server. */
function requireServer(place: Place, host: string, port: number): void {
  const server = adbServerAddress();
  if ("port" in server && server.host === host && server.port === port) return;
  const problem = `its device hangs on the adb server at ${host}:${port}, which is not the one used here`;
  throw unusable(place, problem, `set ADB_SERVER_SOCKET=tcp:${host}:${port}`);
}

function describeAll(resources: readonly Resource[]): string {
  if (resources.length === 0) return "it has no resources; its exporter may be gone";
  return `it has ${resources.map(({ path }) => path).join(", ")}`;
}

function unusable(place: Place, problem: string, hint: string): InfrastructureError {
  return new InfrastructureError("LAB_NO_DEVICE", `Place ${place.name} has no device that adb can reach: ${problem}.`, {
    hint,
  });
}
