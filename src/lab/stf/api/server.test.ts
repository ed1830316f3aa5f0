/** What comes back from an STF, or from something else. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { isHarnessError } from "../../../base/errors.js";
import { inspectStf } from "../inspect-stf.js";
import { StfServer } from "./server.js";
import { takeDevice } from "../take-device.js";
import { FakeStf, type Fault } from "../testing/fake-stf.js";

const TOKEN = "c3f1secret";
let stf: FakeStf;
beforeEach(async () => {
  stf = await FakeStf.start({ A: { model: "Pixel 8" }, B: {}, C: {} }, { [TOKEN]: {} });
});
afterEach(async () => {
  delete process.env["STF_TOKEN"];
  await stf.stop();
});

const server = (token = TOKEN): StfServer => new StfServer(new URL(`http://127.0.0.1:${stf.port}`), token);
const saying = (pattern: RegExp): unknown => expect.stringMatching(pattern);

test.each<[string, Fault, object]>([
  ["a login page", { status: 200, body: "<html>Log in</html>" }, { code: "LAB_ANSWER" }],
  ["a redirection", { status: 302, body: "{}" }, { code: "LAB_ANSWER" }],
  ["JSON of something else", { status: 200, body: '{"ok":true}' }, { code: "LAB_ANSWER" }],
  ["null", { status: 200, body: "null" }, { code: "LAB_ANSWER" }],
  ["a page for what it does not know", { status: 404, body: "<html></html>" }, { code: "LAB_ANSWER" }],
  ["a refusal", { status: 403, body: '{"description":"Forbidden: no"}' }, { code: "LAB_REFUSED" }],
  ["a failure", { status: 500, body: '{"success":false}' }, { code: "LAB_COORDINATOR" }],
  ["a proxy", { status: 502, body: "<html></html>" }, { code: "LAB_COORDINATOR" }],
  ["half a connection", "cut", { code: "LAB_COORDINATOR" }],
])("%s is an error of the lab, named with its address", async (_name, fault, expected) => {
  stf.fault = () => fault;
  await expect(server().user()).rejects.toMatchObject({
    ...{ ...expected, kind: "infrastructure" },
    message: saying(new RegExp(`127\\.0\\.0\\.1:${stf.port}`)),
  });
});

test("a token that STF rejects is a mistake of the caller", async () => {
  await expect(server("other").devices()).rejects.toMatchObject({
    ...{ code: "LAB_CREDENTIALS", kind: "usage" },
    message: saying(/does not take the access token: Bad Credentials\./),
  });
});

describe("the token is in no message, whatever the server says", () => {
  async function messageOf(answer: Promise<unknown>): Promise<string> {
    const error: unknown = await answer.catch((reason: unknown) => reason);
    if (!isHarnessError(error)) throw new Error("no error of ours", { cause: error });
    return error.message;
  }

  test.each([401, 403, 404, 500])("with status %d", async (status) => {
    stf.fault = () => ({ status, body: JSON.stringify({ description: `no such token: ${TOKEN}` }) });
    expect(await messageOf(server().user())).toMatch(/no such token: \[token\]/);
    expect(await messageOf(server().connect("A"))).toMatch(/no such token: \[token\]/);
  });

  test("when it does not give us a device", async () => {
    const refusal = { status: 403, body: JSON.stringify({ description: `not with ${TOKEN}` }) };
    stf.fault = (request) => (request === "POST /user/devices" ? refusal : undefined);
    const user = await server().user();
    const enough = new AbortController();
    const onWait = (message: string): void => enough.abort(new Error(message));
    const options = { leaseMs: 60_000, signal: enough.signal, onWait };
    expect(await messageOf(takeDevice(server(), user, {}, { ...options, timeoutMs: 0 }))).toMatch(/not with \[token\]/);
    const waits = takeDevice(server(), user, {}, { ...options, timeoutMs: 20_000 });
    await expect(waits).rejects.toThrow(/: not with \[token\]$/);
  });

  test("nor a part of it in truncated text; nor escaped in JSON", async () => {
    const description = `${"x".repeat(295)}${TOKEN}`.replace("secret", "\\u0073ecret");
    stf.fault = () => ({ status: 403, body: `{"description":"${description}"}` });
    expect(await messageOf(server().user())).toMatch(/x\[toke…/);
  });
});

test("one without TLS that gets a TLS request", async () => {
  const tls = new StfServer(new URL(`https://127.0.0.1:${stf.port}`), TOKEN);
  await expect(tls.user()).rejects.toMatchObject({ code: "LAB_COORDINATOR", hint: saying(/write stf\+http:\/\//) });
});

test("a serial is one part of the path, whatever is in it", async () => {
  expect(await server().device("../user?x=/")).toBeUndefined();
  expect(stf.requests).toEqual(["GET /devices/../user?x=/"]);
});

test("a lookup lists the devices, and takes nothing", async () => {
  process.env["STF_TOKEN"] = TOKEN;
  stf.device("A").join({ email: "b@stf.example", name: "Bob" }, 60_000, null);
  stf.device("B").unplug();
  expect(await inspectStf(stf.address())).toMatch(
    /^127\.0\.0\.1:\d+: Bob has A \(Pixel 8\) since before \d\d:\d\d:\d\d \(.*\); C \(Pixel 8\) is free$/,
  );
  expect(stf.device("C").owner).toBeNull();
  await expect(inspectStf(stf.address("?serial=X"))).rejects.toMatchObject({ code: "LAB_NO_PLACE" });
});
