import { afterEach, describe, expect, test } from "@jest/globals";
import { parseCuttlefishAddress } from "../address.js";
import { readCredentials } from "./credentials.js";
import { findCvds, requireRunning } from "../find-cvds.js";
import { MAX_ANSWER_BYTES } from "./http.js";
import { Orchestrator, type Patience } from "./orchestrator.js";
import { fakeOrchestrator, type Answer, type FakeOrchestrator } from "../testing/fake-orchestrator.js";
import { GROUP } from "../testing/recording.js";

const running = { group: GROUP, name: "phone", status: "Running", adbPort: 6520 };
const wait = { timeoutMs: 10_000 };
let fake: FakeOrchestrator | undefined;
afterEach(() => fake?.close());

async function client(
  instead: Readonly<Record<string, readonly Answer[]>> = {},
  environment: NodeJS.ProcessEnv = {},
  patience?: Patience,
): Promise<Orchestrator> {
  fake = await fakeOrchestrator(instead);
  const address = parseCuttlefishAddress(fake.address());
  return new Orchestrator({ ...address, credentials: readCredentials(address, environment) }, patience);
}

describe("as the real one answered", () => {
  test("there is nothing, then a device is made, listed, and removed", async () => {
    const orchestrator = await client();
    expect(await orchestrator.list()).toEqual([]);
    expect(await orchestrator.group(GROUP)).toBeUndefined();
    await expect(orchestrator.operate("POST", "cvds", {}, wait)).rejects.toMatchObject({
      code: "LAB_REFUSED",
      message: expect.stringContaining("field EnvConfig is empty (HTTP 400)") as unknown,
    });
    await expect(orchestrator.operate("POST", "cvds", { env_config: {} }, wait)).rejects.toMatchObject({
      code: "LAB_REFUSED",
      message: expect.stringContaining("Stderr: VIRTUAL_DEVICE_BOOT_FAILED (HTTP 500)") as unknown,
    });
    await orchestrator.operate("DELETE", `cvds/${GROUP}`, undefined, wait);
    await orchestrator.operate("POST", "cvds", { env_config: {} }, wait);
    expect(await orchestrator.list()).toEqual([running]);
    expect(await orchestrator.group(GROUP)).toEqual([running]);
    await orchestrator.operate("POST", `cvds/${GROUP}/phone/:stop`, undefined, wait);
    const stopped = { ...running, status: "Stopped", adbPort: 0 };
    expect(await orchestrator.group(GROUP)).toEqual([stopped]);
    expect(() => requireRunning(orchestrator, [stopped])).toThrow(
      expect.objectContaining({
        code: "LAB_NO_DEVICE",
        message: expect.stringContaining("phone (Stopped)") as unknown,
      }),
    );
  });

  test("an operation that it does not know was begun before it was started again", async () => {
    const begun = { status: 200, text: '{"name":"00000000-0000-4000-8000-000000000000","done":false}' };
    const orchestrator = await client({ "POST cvds": [begun] });
    await expect(orchestrator.operate("POST", "cvds", {}, wait)).rejects.toMatchObject({ code: "LAB_FORGOTTEN" });
  });

  test("an unknown device name is refused with the list of devices; those of our runs are private", async () => {
    const text = JSON.stringify({ cvds: [cvd("cvd_1"), cvd(GROUP)] });
    const orchestrator = await client({ "GET cvds": [{ status: 200, text }] });
    expect((await findCvds(orchestrator, {})).map(({ group }) => group)).toEqual(["cvd_1"]);
    expect((await findCvds(orchestrator, { group: GROUP })).map(({ group }) => group)).toEqual([GROUP]);
    await expect(findCvds(orchestrator, { group: "cvd_1", instance: "watch" })).rejects.toMatchObject({
      code: "LAB_NO_PLACE",
      hint: `it has cvd_1/phone (Running), ${GROUP}/phone (Running)`,
    });
  });
});

test("an operation that takes longer than one answer is polled again", async () => {
  const late = { status: 503, text: '{"error":"Wait for operation timed out"}' };
  const orchestrator = await client({
    "POST cvds": [{ status: 200, text: '{"name":"OPERATION"}' }],
    "POST operations/OPERATION/:wait": [late, { status: 200, text: "{}" }],
  });
  expect(await orchestrator.operate("POST", "cvds", {}, wait)).toEqual({});
  expect(fake?.asked).toHaveLength(3);
});

test.each([
  ["an answer that is none", "<html>", /was asked for a list of devices and answered no JSON\./],
  ["no list", '{"cvds":3}', /a list of devices/],
  ["a group that is a path", JSON.stringify({ cvds: [cvd("../../etc")] }), /a device and answered/],
  ["a port beyond all ports", JSON.stringify({ cvds: [{ ...cvd("a"), adb_port: 70_000 }] }), /a device and answered/],
  ["a port of text", JSON.stringify({ cvds: [{ ...cvd("a"), adb_port: "6520" }] }), /a device and answered/],
  ["control characters", JSON.stringify("\u009b"), /answered "\\x9b"\./],
])("%s is refused", async (_what, text, message) => {
  const orchestrator = await client({ "GET cvds": [{ status: 200, text }] });
  await expect(orchestrator.list()).rejects.toMatchObject({
    code: "LAB_ANSWER",
    kind: "infrastructure",
    message: expect.stringMatching(message) as unknown,
  });
});

describe("without an answer", () => {
  test("the wait ends with its time, and says so", async () => {
    const orchestrator = await client({
      "POST cvds": [{ status: 200, text: '{"name":"OPERATION"}' }],
      "POST operations/OPERATION/:wait": ["silence"],
    });
    await expect(orchestrator.operate("POST", "cvds", {}, { timeoutMs: 1_500 })).rejects.toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(
        /Timed out after 1\.5 s waiting for the Cuttlefish orchestrator at .*: POST \/cvds\./,
      ) as unknown,
    });
  });

  describe("to a wait that takes longer than an outage may", () => {
    const patience = { answerMs: 10_000, waitAnswerMs: 200, outageMs: 100, pauseMs: 1, pollMs: 1 };
    const begun = { "POST cvds": [{ status: 200, text: '{"name":"OPERATION"}' }] };

    test("after one lost answer the request is repeated", async () => {
      const answers: readonly Answer[] = [
        "silence",
        { status: 503, text: "{}" },
        "silence",
        { status: 200, text: "{}" },
      ];
      const orchestrator = await client({ ...begun, "POST operations/OPERATION/:wait": answers }, {}, patience);
      const told: string[] = [];
      const onWait = (message: string): void => void told.push(message);
      expect(await orchestrator.operate("POST", "cvds", {}, { ...wait, onWait })).toEqual({});
      expect(told).toEqual([expect.stringContaining("no answer in 200 ms. Trying again.")]);
    });

    test("a second in a row is an outage", async () => {
      const orchestrator = await client({ ...begun, "POST operations/OPERATION/:wait": ["silence"] }, {}, patience);
      await expect(orchestrator.operate("POST", "cvds", {}, wait)).rejects.toMatchObject({ code: "LAB_COORDINATOR" });
      expect(fake?.asked).toHaveLength(3);
    });
  });

  test("a signal ends it at once, with its reason", async () => {
    const orchestrator = await client({ "GET cvds": ["silence"] });
    const controller = new AbortController();
    const listing = orchestrator.list(controller.signal);
    controller.abort(new Error("enough"));
    await expect(listing).rejects.toThrow("enough");
  });

  test("one that is too long is not read", async () => {
    const orchestrator = await client({ "GET cvds": [{ status: 200, text: " ".repeat(MAX_ANSWER_BYTES + 1) }] });
    await expect(orchestrator.list()).rejects.toMatchObject({
      code: "LAB_COORDINATOR",
      message: expect.stringContaining("its answer is longer than 4194304 bytes") as unknown,
    });
  });

  test("a server that is not there is named", async () => {
    const orchestrator = await client();
    await fake?.close();
    fake = undefined;
    await expect(orchestrator.list()).rejects.toMatchObject({
      code: "LAB_COORDINATOR",
      message: expect.stringMatching(/at 127\.0\.0\.1:\d+ cannot be reached: .*ECONNREFUSED/) as unknown,
    });
  });
});

describe("credentials", () => {
  const environment = { AVF_CUTTLEFISH_TOKEN: "s3cret", AVF_CUTTLEFISH_BUILD_TOKEN: "bu1ld" };

  test("go with each request", async () => {
    const orchestrator = await client({}, environment);
    await orchestrator.list();
    expect(fake?.lastHeaders()).toMatchObject({
      authorization: "Bearer s3cret",
      "x-cutf-host-orchestrator-buildapi-creds": "bu1ld",
    });
  });

  test("are not shown when they are refused, even by a server that repeats them", async () => {
    const text = '{"error":"s3cret is not known, nor is bu1ld"}';
    const orchestrator = await client({ "GET cvds": [{ status: 401, text }] }, environment);
    const error = await orchestrator.list().catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "LAB_CREDENTIALS",
      message: expect.stringContaining("wants other credentials: *** is not known, nor is *** (HTTP 401)") as unknown,
    });
  });

  test.each([
    [
      "in place of a list",
      '{"authorization":"Bearer s3cret"}',
      'a list of devices and answered {"authorization":"Bearer ***"}',
    ],
    ["in place of a device", '{"cvds":[{"group":"bu1ld"}]}', 'a device and answered {"group":"***"}'],
    ["as a name", '{"cvds":[{"s3cret":1}]}', 'a device and answered {"***":1}'],
    ["where the text is cut", JSON.stringify(`${"x".repeat(195)}s3cret`), `answered "${"x".repeat(195)}***"`],
  ])("are not shown when they come back %s", async (_where, text, message) => {
    const orchestrator = await client({ "GET cvds": [{ status: 200, text }] }, environment);
    await expect(orchestrator.list()).rejects.toMatchObject({
      code: "LAB_ANSWER",
      message: expect.stringContaining(message) as unknown,
    });
  });

  test("are sent nowhere else", async () => {
    const elsewhere = await fakeOrchestrator();
    const location = `http://127.0.0.1:${elsewhere.address().port}/cvds`;
    const orchestrator = await client({ "GET cvds": [{ status: 302, text: location }] }, environment);
    await expect(orchestrator.list()).rejects.toMatchObject({ code: "LAB_REFUSED" });
    expect(elsewhere.asked).toEqual([]);
    await elsewhere.close();
  });
});

function cvd(group: string): object {
  return { group, name: "phone", status: "Running", adb_port: 6520 };
}
