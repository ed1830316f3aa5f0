/** Android 17: as 16, and with host services (AOSP's main branch after 16, by way of the same fork; the AIDL classes of 17). */
import type { OptionSpec } from "../command-line/arguments.js";
import { ANDROID_16, COMMON_16, since16 } from "./android-16.js";
import type { ToolDialect } from "./dialect.js";

const HOST_SERVICES: OptionSpec = {
  ...{ long: "host-services", value: "HOST_SERVICES", repeatable: true, type: { kind: "text" } },
  help: "Host services this VM wants to access",
};

export const ANDROID_17: ToolDialect = {
  ...ANDROID_16,
  commands: since16([...COMMON_16, HOST_SERVICES]),
};
