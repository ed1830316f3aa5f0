/** Devices: the contract, and the one way to reach them, adb. */
export type * from "./contract.js";
export { openAdbDevice, type OpenAdbDeviceOptions } from "./adb/adb-device.js";
export { connectTcpDevice, disconnectTcpDevice } from "./adb/connect.js";
export { FIND_REFUSALS } from "./adb/forward/connect-vsock.js";
export { readAdbKeys } from "./adb/keys/server-keys.js";
export { adbServerIsElsewhere, requireServerHere } from "./adb/remote/server-place.js";
export { describeForeignServer } from "./adb/server/server-user.js";
export { adbServerAddress } from "./adb/server/server-address.js";
export { inspectAdbServer, openAdbServer, type AdbServer } from "./adb/server/server.js";
export { takeDeviceLock, type DeviceLock } from "./device-lock.js";
export { leaseDevice, type DeviceLease, type LeaseOptions } from "./lease.js";
export { RebindableDevice } from "./rebindable-device.js";
export { outputsEnded } from "./adb/shell/attached-command.js";
export { lastLines, type CommandResult } from "../process/run.js";
export { listForwards, removeForward, type ListedForward } from "./adb/forward/forward-list.js";
export { leftNotes, openOwnerNote, type LeftNote, type OwnerNote } from "./owner-notes.js";
