import { afterEach, expect, test } from "@jest/globals";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { requestJson } from "./json-request.js";

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function serve(listener: RequestListener): Promise<URL> {
  server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/a`);
}

test("sends method, headers and JSON; gives back status and JSON", async () => {
  const url = await serve((request, response) => {
    void text(request).then((body) => {
      const { method, url: path, headers } = request;
      response.writeHead(418);
      response.end(JSON.stringify({ method, path, type: headers["content-type"], secret: headers["x-secret"], body }));
    });
  });
  const answer = await requestJson({
    ...{ url, method: "POST", timeoutMs: 10_000 },
    headers: { "x-secret": "s" },
    body: { umlaut: "ä" },
  });
  expect(answer).toMatchObject({
    status: 418,
    body: { method: "POST", path: "/a", type: "application/json", secret: "s", body: '{"umlaut":"ä"}' },
  });
});

test("what is not JSON has no body", async () => {
  const url = await serve((_request, response) => void response.end("<html>Bad Gateway</html>"));
  expect(await requestJson({ url, timeoutMs: 10_000 })).toMatchObject({ status: 200, body: undefined });
});

test.each([
  ["Mon, 30 Nov 2026 10:00:00 GMT", Date.UTC(2026, 10, 30, 10)],
  ["noon", undefined],
])("the clock there says %s", async (date, clockMs) => {
  const url = await serve((_request, response) => void response.setHeader("date", date).end("{}"));
  expect((await requestJson({ url, timeoutMs: 10_000 })).clockMs).toBe(clockMs);
});

test("follows no redirection", async () => {
  let calls = 0;
  const url = await serve((_request, response) => {
    calls += 1;
    response.writeHead(302, { location: "/b" });
    response.end("{}");
  });
  expect(await requestJson({ url, timeoutMs: 10_000 })).toMatchObject({ status: 302, body: {} });
  expect(calls).toBe(1);
});

test("an answer without end is cut off", async () => {
  const url = await serve((_request, response) => {
    response.on("error", () => undefined);
    const more = (): void => void (response.destroyed || response.write(Buffer.alloc(65_536, "["), more));
    more();
  });
  await expect(requestJson({ url, timeoutMs: 20_000, maxBytes: 1_000_000 })).rejects.toThrow(
    "its answer is longer than 1000000 bytes",
  );
});

test("one that does not come ends with the deadline, or the signal; the connection ends with it", async () => {
  const url = await serve(() => undefined);
  const closed = new Promise((resolve) => server?.once("connection", (socket) => socket.once("close", resolve)));
  await expect(requestJson({ url, timeoutMs: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
  await closed;
  const controller = new AbortController();
  const answer = requestJson({ url, timeoutMs: 10_000, signal: controller.signal });
  controller.abort(new Error("enough"));
  await expect(answer).rejects.toThrow("enough");
});

test("half an answer is an error", async () => {
  const url = await serve((request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write('{"a":');
    setImmediate(() => request.socket.destroy());
  });
  await expect(requestJson({ url, timeoutMs: 10_000 })).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("a refused connection is Node's own error", async () => {
  await expect(requestJson({ url: new URL("http://127.0.0.1:1/"), timeoutMs: 10_000 })).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});
