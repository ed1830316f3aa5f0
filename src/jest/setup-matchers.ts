/** Runs in each test file before its tests. */
import { readBridge } from "./bridge.js";
import { jestGlobals } from "./test-realm/jest-globals.js";
import { recordedExpect } from "./test-realm/recorded-expect.js";

const globals = jestGlobals();
const { matchers, testTimeoutMs } = readBridge();

globals.expect.extend({ ...matchers });
// The global one as well, for suites that import only `test`; with `injectGlobals: false` there is none.
const realm = globalThis as { expect?: typeof globals.expect };
if (realm.expect !== undefined) realm.expect = recordedExpect(globals.expect);
// Among several projects Jest leaves the timeouts of each aside.
globals.jest.setTimeout(testTimeoutMs);
