/** The REST API of DeviceFarmer STF, version 1: the requests that a lease is made of. */
import { describeError, InfrastructureError, UsageError } from "../../../base/errors.js";
import { requestJson, type JsonAnswer, type JsonRequest } from "../../http/json-request.js";
import {
  DEVICE_FIELDS,
  readConnectAddress,
  readDescription,
  readDevice,
  readDevices,
  readUser,
  type StfDevice,
  type StfUser,
} from "./answers.js";

/** STF itself waits 5 s for a device. */
const REQUEST_TIMEOUT_MS = 15_000;

type Call = Pick<JsonRequest, "method" | "body"> & { readonly signal?: AbortSignal | undefined };

export class StfServer {
  #clockOffMs = 0;

  constructor(
    readonly url: URL,
    private readonly token: string,
  ) {}

  /** For people. */
  get host(): string {
    return this.url.host;
  }

  /** Its clock, less ours, as of its last answer. */
  get clockOffMs(): number {
    return this.#clockOffMs;
  }

  /** Whose token it is. */
  async user(signal?: AbortSignal): Promise<StfUser> {
    const { body } = await this.#call("/user", { signal }, [200]);
    return readUser(body) ?? this.#strange("GET /user");
  }

  /** All that this account may use, also those in use. */
  async devices(signal?: AbortSignal): Promise<readonly StfDevice[]> {
    const { body } = await this.#call(`/devices?fields=${DEVICE_FIELDS}`, { signal }, [200]);
    return readDevices(body) ?? this.#strange("GET /devices");
  }

  /** Undefined: there is none of that serial. */
  async device(serial: string, signal?: AbortSignal): Promise<StfDevice | undefined> {
    const path = `/devices/${encodeURIComponent(serial)}?fields=${DEVICE_FIELDS}`;
    const { status, body } = await this.#call(path, { signal }, [200, 404]);
    if (status === 404) return undefined;
    return readDevice((body as { device?: unknown } | null)?.device) ?? this.#strange("GET /devices/SERIAL");
  }

  /**
   * Nobody else gets it until it is given back, or nothing was heard of us for `leaseMs`.
   * @returns why not, in STF's words; undefined: it is ours
   */
  async take(serial: string, leaseMs: number, signal?: AbortSignal): Promise<string | undefined> {
    const call: Call = { method: "POST", body: { serial, timeout: leaseMs }, signal };
    // Somebody has it, it is gone, STF is busy, the device does not answer STF.
    const { status, body } = await this.#call("/user/devices", call, [200, 403, 404, 503, 504]);
    return status === 200 ? undefined : readDescription(body);
  }

  /**
   * Makes the device reachable for adb, or finds that it is; either renews the lease: a request of any kind that STF hands on
   * to the device counts as use of it.
   * @returns `HOST:PORT`
   */
  async connect(serial: string, signal?: AbortSignal): Promise<string> {
    const { status, body } = await this.#call(connectPath(serial), { method: "POST", signal }, [200, 403, 404, 504]);
    if (status === 200) return readConnectAddress(body) ?? this.#strange("POST /user/devices/SERIAL/remoteConnect");
    throw new InfrastructureError(
      "LAB_NO_DEVICE",
      `STF at ${this.host} does not connect us to its device ${serial}: ${readDescription(body)}.`,
      { hint: "see whether STF's own page shows the device's screen" },
    );
  }

  /** Nobody can connect to it from then on. Does nothing when it is not ours. */
  async disconnect(serial: string, signal?: AbortSignal): Promise<void> {
    await this.#call(connectPath(serial), { method: "DELETE", signal }, [200, 403, 404]);
  }

  /** Does nothing when it is not ours; for an administrator's token every device in use is. */
  async giveBack(serial: string, signal?: AbortSignal): Promise<void> {
    await this.#call(devicePath(serial), { method: "DELETE", signal }, [200, 403, 404]);
  }

  /** False: this STF takes none. @param publickey as `~/.android/adbkey.pub` has it */
  async addAdbKey(publickey: string, title: string, signal?: AbortSignal): Promise<boolean> {
    const call: Call = { method: "POST", body: { publickey, title }, signal };
    return (await this.#call("/user/adbPublicKeys", call, [200, 404])).status === 200;
  }

  /** @param expected statuses that its caller makes something of */
  async #call(path: string, { method, body, signal }: Call, expected: readonly number[]): Promise<JsonAnswer> {
    const answer = await this.#request(path, { method, body, signal });
    if (answer.clockMs !== undefined) this.#clockOffMs = answer.clockMs - Date.now();
    const { status } = answer;
    // Its reader says when it is not of the API.
    if (expected.includes(status)) return answer;
    const what = `${method ?? "GET"} ${path.replace(/\?.*$/s, "")}`;
    if (status === 401) throw this.#rejected(readDescription(answer.body));
    if (status >= 500) throw this.#unreachable(`${what} answered ${status}, ${readDescription(answer.body)}`);
    if (answer.body === undefined || status < 400) this.#strange(`${what}, with status ${status},`);
    const message = `STF at ${this.host} refused ${what}, with status ${status}: ${readDescription(answer.body)}.`;
    throw new InfrastructureError("LAB_REFUSED", message);
  }

  async #request(path: string, call: Call): Promise<JsonAnswer> {
    const url = new URL(`/api/v1${path}`, this.url);
    const headers = { authorization: `Bearer ${this.token}` };
    try {
      const conceal = (text: string): string => this.#clean(text);
      return await requestJson({ url, headers, timeoutMs: REQUEST_TIMEOUT_MS, conceal, ...call });
    } catch (error) {
      call.signal?.throwIfAborted();
      throw this.#unreachable(this.#clean(describeError(error)), error);
    }
  }

  #unreachable(why: string, cause?: unknown): InfrastructureError {
    const message = `STF at ${this.url.origin} cannot be reached: ${why}`;
    return new InfrastructureError("LAB_COORDINATOR", message, { cause, hint: hintFor(cause, this.url) });
  }

  #rejected(why: string): UsageError {
    const message = `STF at ${this.host} does not take the access token: ${why}.`;
    return new UsageError("LAB_CREDENTIALS", message, {
      hint: "it may have been removed there: make another in STF under Settings > Keys",
    });
  }

  #strange(what: string): never {
    throw new InfrastructureError("LAB_ANSWER", `What STF at ${this.host} answered to ${what} is not of its API.`, {
      hint: `see what answers there: ${this.url.origin}/api/v1/user`,
    });
  }

  /** Whatever comes back, the token is in no message. */
  #clean(said: string): string {
    return said.replaceAll(this.token, "[token]");
  }
}

function devicePath(serial: string): string {
  return `/user/devices/${encodeURIComponent(serial)}`;
}

function connectPath(serial: string): string {
  return `${devicePath(serial)}/remoteConnect`;
}

function hintFor(cause: unknown, { origin }: URL): string {
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code);
  if (/CERT|SELF_SIGNED|UNABLE_TO_/.test(code)) return "name the certificate of its CA: NODE_EXTRA_CA_CERTS=FILE";
  if (code === "EPROTO") return "it may have no TLS: write stf+http:// instead of stf://";
  return `see whether it runs and can be reached from here: curl ${origin}/api/v1/swagger.json`;
}
