/**
 * What leases ask of an STF, as its own controllers answer it (lib/units/api/controllers/{user,devices}.js and
 * lib/units/device/plugins/group.js of DeviceFarmer/stf 3.7.9): RethinkDB and ZeroMQ, which STF itself needs, are not on
 * every host. Its answers are checked against STF's Swagger in contract.test.ts.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { FakeDevice, type FakeDeviceOptions } from "./fake-device.js";

interface FakeAccount {
  readonly email: string;
  readonly name: string;
  readonly privilege: "user" | "admin";
  readonly adbKeys: { title: string; fingerprint: string }[];
}

/** What happens to a request instead. */
export type Fault = { readonly status: number; readonly body: string } | "hang" | "cut";

interface Call {
  readonly method: string;
  /** Below /api/v1, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly account: FakeAccount;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class FakeStf {
  readonly devices = new Map<string, FakeDevice>();
  /** `POST /user/devices` and the like, in their order. */
  readonly requests: string[] = [];
  readonly headers: IncomingMessage["headers"][] = [];
  /** Adb keys that accounts were given, as they were sent. */
  readonly keys: string[] = [];
  /** Asked about each request. */
  fault: (request: string) => Fault | undefined = () => undefined;
  /** Of the Date header, less that of this host. */
  clockOffMs = 0;
  #server: Server = createServer();

  private constructor(private readonly accounts: ReadonlyMap<string, FakeAccount>) {}

  /** @param accounts by token */
  static async start(
    devices: Readonly<Record<string, FakeDeviceOptions>>,
    accounts: Readonly<Record<string, Partial<FakeAccount>>> = { secret: {} },
  ): Promise<FakeStf> {
    const whole = Object.entries(accounts).map(
      ([token, account]) =>
        [token, { email: "ci@stf.example", name: "ci", privilege: "user" as const, adbKeys: [], ...account }] as [
          string,
          FakeAccount,
        ],
    );
    const fake = new FakeStf(new Map(whole));
    for (const [serial, options] of Object.entries(devices)) fake.devices.set(serial, new FakeDevice(serial, options));
    await fake.listen();
    return fake;
  }

  /** @param port as before, after `stop` */
  async listen(port = 0): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** As `AVF_DEVICES` has it. */
  address(query = ""): URL {
    return new URL(`stf+http://127.0.0.1:${this.port}/${query}`);
  }

  device(serial: string): FakeDevice {
    const found = this.devices.get(serial);
    if (found === undefined) throw new Error(`no device ${serial}`);
    return found;
  }

  account(token: string): FakeAccount {
    const found = this.accounts.get(token);
    if (found === undefined) throw new Error(`no account with token ${token}`);
    return found;
  }

  count(request: string): number {
    return this.requests.filter((each) => each === request).length;
  }

  /** Devices keep running, as their processes do in an STF. */
  async stopServing(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async stop(): Promise<void> {
    for (const device of this.devices.values()) device.leave("device_absent");
    await this.stopServing();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://stf");
    const path = decodeURIComponent(url.pathname.replace(/^\/api\/v1/, ""));
    const method = request.method ?? "";
    this.requests.push(`${method} ${path}`);
    this.headers.push(request.headers);
    const sent = await text(request).catch(() => "");
    const fault = this.fault(`${method} ${path}`);
    if (fault === "hang") return;
    if (fault === "cut") return void request.socket.destroy();
    response.setHeader("date", new Date(Date.now() + this.clockOffMs).toUTCString());
    if (fault !== undefined) return void response.writeHead(fault.status).end(fault.body);
    const account = this.accounts.get(/^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "");
    const body = sent === "" ? {} : (JSON.parse(sent) as Readonly<Record<string, unknown>>);
    const { status, body: answer } =
      account === undefined
        ? said(401, "Bad Credentials")
        : this.#answer({ method, path, query: url.searchParams, body, account });
    response.setHeader("content-type", "application/json");
    response.writeHead(status).end(JSON.stringify(answer));
  }

  #answer(call: Call): Answer {
    const { method, path, account, query } = call;
    const fields = query.get("fields")?.split(",");
    if (method === "GET" && path === "/user") return said(200, "User", { user: account });
    if (method === "POST" && path === "/user/adbPublicKeys") return this.#addKey(call);
    if (method === "GET" && path === "/devices") {
      return said(200, "Devices Information", {
        devices: [...this.devices.values()].map((device) => device.shown(account, fields)),
      });
    }
    const [, ofUser, name, connects] = /^(\/user)?\/devices(?:\/([^/]+))?(\/remoteConnect)?$/.exec(path) ?? [];
    const device = this.devices.get(name ?? String(call.body["serial"]));
    if (device === undefined) return said(404, "Device not found");
    if (ofUser === undefined && method === "GET") {
      return said(200, "Device", { device: device.shown(account, fields) });
    }
    if (method === "POST" && name === undefined) {
      const joined = device.join(account, Number(call.body["timeout"] ?? 900_000));
      return joined ? said(200, "Device successfully added") : said(403, "Device is being used or not available");
    }
    if (!device.isUsedBy(account)) return said(403, "Device is not owned by you or is not available");
    device.keepAlive();
    if (method === "POST" && connects !== undefined) {
      return said(200, "Remote connection is enabled", { remoteConnectUrl: device.connect() });
    }
    if (method === "DELETE" && connects !== undefined) {
      device.disconnect();
      return said(200, "Device remote disconnected successfully");
    }
    if (method !== "DELETE") return said(404, "Not Found");
    device.leave("ungroup_request");
    return said(200, "Device successfully removed");
  }

  #addKey({ account, body }: Call): Answer {
    this.keys.push(String(body["publickey"]));
    account.adbKeys.push({ title: String(body["title"]), fingerprint: "00" });
    return said(200, "Key");
  }
}

function said(status: number, description: string, more: Answer["body"] = {}): Answer {
  return { status, body: { success: status === 200, description, ...more } };
}
