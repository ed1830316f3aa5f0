/** Runs in each test file before its tests. */
import { readBridge } from "./bridge.js";
import { jestGlobals } from "./test-realm/jest-globals.js";

const globals = jestGlobals();
const { matchers, testTimeoutMs } = readBridge();

globals.expect.extend({ ...matchers });
// Among several projects Jest leaves the timeouts of each aside.
globals.jest.setTimeout(testTimeoutMs);
