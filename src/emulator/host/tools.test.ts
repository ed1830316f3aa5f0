import { describe, expect, test } from "@jest/globals";
import { installCommand, requireSupportedSystem } from "./tools.js";

const debian12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n';

describe("requireSupportedSystem", () => {
  test("accepts Debian 12 and later on x86-64", () => {
    expect(() => requireSupportedSystem("linux", "x64", debian12)).not.toThrow();
    expect(() => requireSupportedSystem("linux", "x64", 'ID=debian\nVERSION_ID="13"\n')).not.toThrow();
  });

  test.each([
    ["another system", "darwin", "x64", ""],
    ["another CPU", "linux", "arm64", debian12],
    ["an older Debian", "linux", "x64", 'ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian 11"\n'],
    ["another distribution", "linux", "x64", 'ID=fedora\nVERSION_ID=40\nPRETTY_NAME="Fedora 40"\n'],
  ])("refuses %s, says what it saw and how to go on", (_name, platform, arch, osRelease) => {
    expect(() => requireSupportedSystem(platform, arch, osRelease)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED_SYSTEM",
        message: expect.stringMatching(new RegExp(`this is ${platform} ${arch}.*\\nHint: .*ANDROID_SERIAL`)) as unknown,
      }),
    );
  });
});

test("one command installs all that is missing, each package once", () => {
  const missing = [
    { name: "gcc", packageName: "gcc", purpose: "" },
    { name: "adb", packageName: "adb", purpose: "" },
    { name: "cc", packageName: "gcc", purpose: "" },
  ];
  expect(installCommand(missing)).toMatch(/^sudo apt-get update && sudo apt-get install .* adb gcc$/);
});
