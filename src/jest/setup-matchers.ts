/** Runs in each test file before its tests. */
import { readBridge } from "./bridge.js";
import { jestGlobals } from "./test-realm/jest-globals.js";

jestGlobals().expect.extend({ ...readBridge().matchers });
