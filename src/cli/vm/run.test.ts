import { expect, test } from "@jest/globals";
import { run } from "./run.js";

/** What can be seen without a device is: of these no file is looked at either. */
test.each([
  [["--name", "a/b", "none.apk"], "ILLEGAL_ARGUMENT", /^Invalid VM name: a\/b/],
  [["--name=-x", "none.apk"], "ILLEGAL_ARGUMENT", /^Invalid VM name: -x/],
  [["--kernel", "none", "--name", ".."], "ILLEGAL_ARGUMENT", /^Invalid VM name: \.\./],
  [["--payload", "lib/x.so", "none.apk"], "PAYLOAD_BINARY", /^Invalid binary file name: lib\/x\.so\.?/],
])("avf run %j is refused before a device is started", async (args, code, message) => {
  await expect(run(args)).rejects.toMatchObject({ kind: "usage", code, message: expect.stringMatching(message) });
});
