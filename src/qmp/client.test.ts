import { describe, expect, test } from "@jest/globals";
import { Duplex, PassThrough } from "node:stream";
import { QmpClient, type QmpOptions } from "./client.js";

/** A client, and the two ends that QEMU has. */
function connect(options?: QmpOptions): { client: QmpClient; asked: PassThrough; answers: PassThrough } {
  const asked = new PassThrough();
  const answers = new PassThrough();
  return { client: new QmpClient(Duplex.from({ readable: answers, writable: asked }), options), asked, answers };
}

describe("a client of QMP", () => {
  test("matches answers to their commands, whatever comes between, and passes on QEMU's errors", async () => {
    const { client, asked, answers } = connect();
    const stopped = client.event("MIGRATION", ({ status }) => status === "completed");
    const first = client.execute("stop");
    const second = client.execute("migrate", { uri: "exec:no" });
    second.catch(() => undefined);
    answers.write('{"QMP": {"version": {}, "capabilities": []}}\nno JSON\nnull\n');
    answers.write('{"event": "MIGRATION", "data": {"status": "active"}}\n');
    answers.write('{"error": {"class": "GenericError", "desc": "no such thing"}, "id": 2}\n');
    answers.write('{"return": {"a": 1}, "id": 1}\n{"event": "MIGRATION", "data": {"status": "completed"}}\n');
    await expect(first).resolves.toEqual({ a: 1 });
    await expect(second).rejects.toMatchObject({
      code: "QEMU_REFUSED",
      message: "QEMU refused migrate: no such thing",
    });
    await expect(stopped).resolves.toEqual({ status: "completed" });
    expect(String(asked.read())).toContain('{"execute":"migrate","arguments":{"uri":"exec:no"},"id":2}\n');
    answers.end();
    await client.closed;
  });

  test("that ends fails what waits for an answer or an event, and every later command, with the reason that is given", async () => {
    const seen: string[] = [];
    const { client, answers } = connect({
      onEvent: ({ name }) => seen.push(name),
      whyGone: async () => new Error(`ended after ${seen.join()}`),
    });
    const event = client.event("STOP");
    const answer = client.execute("cont");
    answers.end('{"event": "SHUTDOWN", "data": {}}\n');
    await expect(answer).rejects.toThrow("ended after SHUTDOWN");
    await expect(event).rejects.toThrow("ended after SHUTDOWN");
    await expect(client.execute("cont")).rejects.toThrow("ended after SHUTDOWN");
    await expect(client.event("STOP")).rejects.toThrow("ended after SHUTDOWN");
  });

  test("that ends without a reason says that QEMU closed the connection", async () => {
    const { client, answers } = connect();
    const answer = client.execute("cont");
    answers.destroy(new Error("read ECONNRESET"));
    await expect(answer).rejects.toMatchObject({ code: "QEMU_GONE" });
  });

  test("polls until the answer is the one wanted", async () => {
    const { client, asked, answers } = connect();
    const states = ["inmigrate", "inmigrate", "paused"];
    asked.on("data", (chunk: Buffer) => {
      const { id } = JSON.parse(String(chunk)) as { id: number };
      answers.write(`${JSON.stringify({ return: { status: states.shift() }, id })}\n`);
    });
    await client.pollUntil("query-status", (answer) => (answer as { status: string }).status === "paused");
    expect(states).toEqual([]);
  });

  test("does not wait for what was cancelled", async () => {
    const { client } = connect();
    const cancelled = new AbortController();
    const negotiated = client.negotiate(cancelled.signal);
    cancelled.abort(new Error("interrupted"));
    await expect(negotiated).rejects.toThrow("interrupted");
  });
});
