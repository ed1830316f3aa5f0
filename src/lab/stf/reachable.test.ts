import { expect, test } from "@jest/globals";
import { requireReachable } from "./reachable.js";

const here = { host: "127.0.0.1:7100" };
const elsewhere = { host: "stf.example" };

test.each([
  [here, "localhost:7401"],
  [here, "127.0.0.1:7401"],
  [here, "lab-3:7401"],
  [elsewhere, "lab-3.example:7401"],
  [elsewhere, "10.0.0.3:7401"],
])("%j may say %s", (server, address) => {
  expect(requireReachable(server, "A", address)).toBe(address);
});

test.each([
  [elsewhere, "localhost:7401", /on the loopback of its own host/],
  [elsewhere, "127.0.0.1:7401", /on the loopback/],
  [here, "-L tcp:1:7401", /no HOST:PORT/],
  [here, "lab:0", /no HOST:PORT/],
  [here, "lab:99999", /no HOST:PORT/],
  [here, "lab", /no HOST:PORT/],
  [here, "http://lab:7401", /no HOST:PORT/],
  [here, "lab:7401\n", /no HOST:PORT/],
  [here, "[2001:db8::1]:7401", /no HOST:PORT/],
])("%j may not say %j", (server, address, reason) => {
  expect(() => requireReachable(server, "A", address)).toThrow(reason);
  expect(() => requireReachable(server, "A", address)).toThrow(/Hint: start its providers with .*--public-ip/);
});
