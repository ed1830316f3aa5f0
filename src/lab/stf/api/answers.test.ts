import { expect, test } from "@jest/globals";
import { matches, readConnectAddress, readDescription, readDevice, readDevices, readUser } from "./answers.js";

const whole = {
  ...{ serial: "0A1B", present: true, ready: true, using: true, status: 3, sdk: 35, version: "15", model: "Pixel 8" },
  ...{ owner: { email: "anna@example.org", name: "Anna", group: "x" }, usage: "automation" },
  ...{ usageChangedAt: "2026-11-30T10:00:00.000Z", group: { id: "g1", name: "Lab", owner: {} } },
};

test("a device as STF shows it", () => {
  expect(readDevice(whole)).toEqual({
    ...{ serial: "0A1B", present: true, ready: true, owner: { email: "anna@example.org", name: "Anna" } },
    usedSince: "2026-11-30T10:00:00.000Z",
    facts: {
      ...{ serial: ["0A1B"], model: ["Pixel 8"], version: ["15"], sdk: ["35"], group: ["Lab", "g1"] },
      ...{ manufacturer: [], product: [], platform: [], abi: [] },
    },
  });
});

test("one in use through STF's own page does not show since when; a free one has no owner", () => {
  expect(readDevice({ ...whole, usage: null })).toMatchObject({ usedSince: undefined });
  expect(readDevice({ ...whole, owner: null })).toMatchObject({ owner: undefined });
});

test("what is not a device, or incomplete, is skipped or absent", () => {
  expect(readDevices({ devices: [null, 3, {}, { serial: "" }, { serial: { a: 1 } }, whole] })).toHaveLength(1);
  expect(readDevice({ serial: "A" })).toMatchObject({ present: false, ready: false, owner: undefined });
  expect(readDevice({ serial: "A", present: "true", owner: { name: "x" } })).toMatchObject({
    ...{ present: false, owner: undefined },
  });
  expect(readDevice({ serial: "A".repeat(2_000) })).toBeUndefined();
  for (const answer of [null, undefined, [], "x", { devices: {} }]) expect(readDevices(answer)).toBeUndefined();
});

test.each([
  ["anna@example.org", "anna"],
  ["Anna B.", "Anna B."],
  ["", "another user"],
  ["@example.org", "another user"],
  ["a\u001b[31m\nb", "a\\x1b[31m\\x0ab"],
  ["n".repeat(200), `${"n".repeat(80)}… (200 characters)`],
])("the name %j is shown as %s, and no e-mail address", (name, shown) => {
  expect(readDevice({ ...whole, owner: { email: "anna@example.org", name } })?.owner?.name).toBe(shown);
});

test("a user with and without adb keys", () => {
  const user = { email: "a@b", adbKeys: [{ title: "x", fingerprint: "00:11" }, null, {}] };
  expect(readUser({ success: true, user })).toEqual({ email: "a@b", adbKeys: ["00:11"] });
  expect(readUser({ user: { email: "a@b" } })).toEqual({ email: "a@b", adbKeys: undefined });
  for (const answer of [null, {}, { user: null }, { user: { email: 3.5e9 }, x: 1 }.user]) {
    expect(readUser(answer)).toBeUndefined();
  }
});

test("an address is what STF says it is", () => {
  expect(readConnectAddress({ remoteConnectUrl: "lab-3.example:7401" })).toBe("lab-3.example:7401");
  expect(readConnectAddress({ remoteConnectUrl: "a\u001b[2J" })).toBe("a\\x1b[2J");
  for (const remoteConnectUrl of [null, {}, "", undefined])
    expect(readConnectAddress({ remoteConnectUrl })).toBeUndefined();
});

test("a description in STF's words", () => {
  expect(readDescription({ description: "Device not found." })).toBe("Device not found");
  expect(readDescription({ message: "Validation errors" })).toBe("Validation errors");
  expect(readDescription({ description: "a\u001bb" })).toBe("a\\x1bb");
  for (const answer of [undefined, null, "x", { description: {} }]) expect(readDescription(answer)).toBe("no word why");
});

test("a device matches when it has one value of each", () => {
  const device = readDevice(whole);
  if (device === undefined) throw new Error("no device");
  expect(matches(device, {})).toBe(true);
  expect(matches(device, { serial: ["x", "0A1B"], sdk: ["35"], group: ["Lab"] })).toBe(true);
  expect(matches(device, { group: ["g1"] })).toBe(true);
  expect(matches(device, { serial: ["0A1B"], sdk: ["36"] })).toBe(false);
  expect(matches(device, { abi: ["x86_64"] })).toBe(false);
});
