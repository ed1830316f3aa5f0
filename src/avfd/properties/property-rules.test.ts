import { describe, expect, test } from "@jest/globals";
import { isLegalPropertyName, refusePropertyChange } from "./property-rules.js";

describe("setprop", () => {
  test.each(["debug.x", "a", "ro.boot.hypervisor.vm.supported", "persist.sys-usb_x@1:2"])("%s is a name", (name) => {
    expect(isLegalPropertyName(name)).toBe(true);
  });

  test.each(["", ".a", "a.", "a..b", "a b", "a=b", "ä"])("%j is not a name", (name) => {
    expect(isLegalPropertyName(name)).toBe(false);
  });

  const change = { name: "debug.x", value: "1", previous: undefined, uid: 2000 };

  test("the shell may set what is meant for debugging", () => {
    expect(refusePropertyChange(change)).toBeUndefined();
    expect(refusePropertyChange({ ...change, previous: "0" })).toBeUndefined();
    expect(refusePropertyChange({ ...change, value: "" })).toBeUndefined();
  });

  test("a read-only property is set once, and by root only", () => {
    const readOnly = { ...change, name: "ro.x.y", uid: 0 };
    expect(refusePropertyChange(readOnly)).toBeUndefined();
    expect(refusePropertyChange({ ...readOnly, previous: "1" })).toBe("read-only property was already set");
    expect(refusePropertyChange({ ...readOnly, uid: 2000 })).toBe("not allowed by the policy for the shell");
  });

  test("a value is at most 91 bytes, counted in UTF-8; read-only ones may be longer", () => {
    expect(refusePropertyChange({ ...change, value: "x".repeat(91) })).toBeUndefined();
    expect(refusePropertyChange({ ...change, value: "ä".repeat(46) })).toBe("value too long: 92 > 91");
    expect(refusePropertyChange({ ...change, name: "ro.long", value: "x".repeat(500), uid: 0 })).toBeUndefined();
  });

  test("other names are not the shell's", () => {
    expect(refusePropertyChange({ ...change, name: "sys.boot_completed" })).toBe(
      "not allowed by the policy for the shell",
    );
    expect(refusePropertyChange({ ...change, name: "debugger.x" })).toBeDefined();
  });
});
