import { describe, expect, test } from "@jest/globals";
import { requireSupportedSystem } from "./system.js";

const debian12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';
const ubuntu = 'PRETTY_NAME="Ubuntu 24.04 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n';

describe("the device is made", () => {
  test.each([
    ["Debian 12", debian12],
    ["Debian 13", 'ID=debian\nVERSION_ID="13"\n'],
    ["Debian unstable, which has no number", 'ID=debian\nPRETTY_NAME="Debian GNU/Linux sid"\n'],
  ])("on %s", (_name, osRelease) => {
    expect(() => requireSupportedSystem("debian", "linux", "x64", osRelease)).not.toThrow();
  });

  test.each([
    ["an older Debian", 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian 11"\n', "Debian 11"],
    ["another distribution", ubuntu, "Ubuntu 24.04 LTS"],
    ["a system without a name", "", "no /etc/os-release"],
  ])("not on %s, where the device package is", (_name, osRelease, seen) => {
    expect(() => requireSupportedSystem("debian", "linux", "x64", osRelease)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_SYSTEM",
        message: expect.stringMatching(
          new RegExp(`this is linux x64, ${seen}[^]*npm install .*jest-avf-device`),
        ) as unknown,
      }),
    );
    expect(() => requireSupportedSystem("device package", "linux", "x64", osRelease)).not.toThrow();
  });

  test("not for a crosvm either, which a ready one has not", () => {
    const forCrosvm = (crosvm: string): void => requireSupportedSystem("debian", "linux", "x64", ubuntu, crosvm);
    expect(() => forCrosvm("/x/crosvm")).toThrow(/Hint: unset AVF_CROSVM/);
    expect(() => forCrosvm("")).toThrow(/Hint: get it ready made/);
  });
});

test.each([
  ["another system", "darwin", "x64", ""],
  ["another CPU", "linux", "arm64", debian12],
])("the device does not run on %s, whatever it comes from", (_name, platform, arch, osRelease) => {
  for (const source of ["debian", "device package"] as const) {
    expect(() => requireSupportedSystem(source, platform, arch, osRelease)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_SYSTEM",
        message: expect.stringMatching(new RegExp(`this is ${platform} ${arch}.*\\nHint: .*ANDROID_SERIAL`)) as unknown,
      }),
    );
  }
});
