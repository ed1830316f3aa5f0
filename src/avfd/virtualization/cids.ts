/** CIDs of the device's VMs: which comes next, and the one that a new VM gets together with its guest's way to report. */
import { describeSystemError } from "../errno.js";
import type { LogBuffer } from "../log/log-buffer.js";
import type { DeviceIdentity } from "../properties/device-identity.js";
import type { PropertyStore } from "../properties/property-store.js";
import type { GuestReports, NotifyGuest } from "./channels/guest-reports.js";
import { nextCid } from "./cid-allocator.js";
import { ServiceError } from "./service-error.js";
import { writeServiceLog } from "../log/service-log.js";

interface CidsOptions {
  readonly properties: PropertyStore;
  readonly identity: DeviceIdentity;
  readonly log: LogBuffer;
  readonly reports: GuestReports;
  /** By a VM that is not dead yet. */
  readonly isTaken: (cid: number) => boolean;
}

const LAST_CID_PROPERTY = "virtualizationservice.state.last_cid";
/** A guest port that is in use is not worth failing for: another CID has another one. */
const LISTEN_ATTEMPTS = 5;

export class Cids {
  constructor(private readonly options: CidsOptions) {}

  /** A CID that no live VM has, and its guest's way to report: both or neither. */
  async allocate(notify: NotifyGuest): Promise<{ readonly cid: number; readonly unlisten: () => void }> {
    const { properties, identity, log, reports } = this.options;
    for (let attempt = 1; ; attempt++) {
      const cid = this.next();
      if (cid === undefined) throw new ServiceError("EX_ILLEGAL_STATE", "No free CID is left");
      await properties.set(LAST_CID_PROPERTY, String(cid));
      try {
        return { cid, unlisten: await reports.listen(identity.release, cid, notify) };
      } catch (error) {
        writeServiceLog(log, identity.release, ["W", "aidl", `CID ${cid}: ${describeSystemError(error)}`]);
        if (attempt === LISTEN_ATTEMPTS) {
          throw new ServiceError("EX_SERVICE_SPECIFIC", `Could not create a VM service: ${describeSystemError(error)}`);
        }
      }
    }
  }

  /** Undefined: none is left. */
  next(): number | undefined {
    const { properties, identity, isTaken } = this.options;
    const last = Number(properties.get(LAST_CID_PROPERTY) ?? NaN);
    return nextCid(identity.release, Number.isNaN(last) ? undefined : last, isTaken);
  }

  /** As a restart of the device does it. */
  forget(): void {
    this.options.properties.delete(LAST_CID_PROPERTY);
  }
}
