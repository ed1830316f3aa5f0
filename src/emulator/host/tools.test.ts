import { expect, test } from "@jest/globals";
import { installCommand } from "./tools.js";

test("one command installs all that is missing, each package once", () => {
  const missing = [
    { name: "gcc", packageName: "gcc", purpose: "" },
    { name: "adb", packageName: "adb", purpose: "" },
    { name: "cc", packageName: "gcc", purpose: "" },
  ];
  expect(installCommand(missing)).toMatch(/^sudo apt-get update && sudo apt-get install .* adb gcc$/);
});
