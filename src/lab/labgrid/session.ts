/**
 * A session with a labgrid coordinator: its places and resources, which it tells of by itself as they change, and what can
 * be asked of it. What is acquired there outlives the session.
 */
import type { ChannelOptions, Client, ClientDuplexStream, ServiceError } from "@grpc/grpc-js";
import { deferred } from "../../base/async/deferred.js";
import { eitherSignal, sharedController } from "../../base/async/shared-signal.js";
import { sleep, withDeadline } from "../../base/deadline.js";
import { describeError, InfrastructureError } from "../../base/errors.js";
import { GROUP, type Place, type Reservation, type Resource } from "./model.js";
import { readUpdate, type Update } from "./updates.js";
import { CODEC, codecOf, coordinatorSchema, type Codec, type Method } from "./wire.js";

/** A connection that died is noticed in twice this time; the coordinator does the same, and bears pings every 5 s. */
const KEEPALIVE_MS = 10_000;
/** The coordinator does one thing at a time, waits up to 10 s for an exporter in some, and is slow with a thousand clients. */
const CALL_TIMEOUT_MS = 60_000;
const OPEN_TIMEOUT_MS = 60_000;

/** gRPC's numbers of what can become of a call that got no answer. */
const STATUS = { cancelled: 1, deadlineExceeded: 4, unavailable: 14 } as const;

const OPTIONS: ChannelOptions = {
  // The coordinator knows sessions by their connection.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_MS,
  "grpc.max_receive_message_length": -1,
};

interface ClientOut {
  readonly sync?: { readonly id: number };
  readonly updates: readonly Update[];
}

export class CoordinatorSession {
  readonly places = new Map<string, Place>();
  /** Those that have changed, or been acquired, since the session began: their exporters tell all clients of it. */
  readonly resources = new Map<string, Resource>();
  readonly #end = sharedController();
  readonly #syncs = new Map<number, () => void>();
  #changed = deferred();
  #nextSync = 1;

  private constructor(
    readonly coordinator: string,
    /** `host/user`, by which the coordinator knows who has what. */
    readonly name: string,
    private readonly client: Client,
    private readonly stream: ClientDuplexStream<object, object>,
    private readonly codecs: (method: Method) => Codec,
  ) {}

  /** @throws InfrastructureError `LAB_COORDINATOR` when it cannot be reached */
  static async open(coordinator: string, name: string, signal?: AbortSignal): Promise<CoordinatorSession> {
    // They take a quarter of a second to load, and only runs with a lab need them.
    /* eslint-disable @typescript-eslint/no-require-imports -- packages, no folders of ours */
    const grpc = require("@grpc/grpc-js") as typeof import("@grpc/grpc-js");
    const loader = require("@grpc/proto-loader") as typeof import("@grpc/proto-loader");
    /* eslint-enable @typescript-eslint/no-require-imports */
    const definitions = loader.fromJSON(coordinatorSchema() as Parameters<typeof loader.fromJSON>[0], CODEC);
    const codecs = (method: Method): Codec => codecOf(definitions, method);
    const client = new grpc.Client(coordinator, grpc.credentials.createInsecure(), OPTIONS);
    const { path, encode, decode } = codecs("ClientStream");
    const stream = client.makeBidiStreamRequest(path, encode, decode);
    const session = new CoordinatorSession(coordinator, name, client, stream, codecs);
    try {
      session.#listen();
      session.#send({ startup: { version: "jest-avf", name } });
      session.#send({ subscribe: { allPlaces: true } });
      await withDeadline(`the labgrid coordinator at ${coordinator}`, { timeoutMs: OPEN_TIMEOUT_MS, signal }, () =>
        session.sync(),
      );
      return session;
    } catch (error) {
      session.close();
      signal?.throwIfAborted();
      throw unreachable(coordinator, error);
    }
  }

  /** Aborted with the reason when the connection to the coordinator has ended. */
  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Waits for the next change of a place, up to `timeoutMs`. Rejects when the signal or the session ends. */
  async untilChange(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const timer = new AbortController();
    const late = sleep(timeoutMs, eitherSignal(timer.signal, signal, this.ended));
    late.catch(() => undefined);
    try {
      await Promise.race([late, this.#changed.promise]);
    } finally {
      timer.abort();
    }
    signal.throwIfAborted();
    this.ended.throwIfAborted();
  }

  /** What was sent before has been taken in, and `places` and `resources` are as the coordinator has them then. */
  async sync(): Promise<void> {
    const id = this.#nextSync++;
    const done = deferred();
    this.#syncs.set(id, done.resolve);
    this.#send({ sync: { id } });
    await this.#unlessEnded(done.promise);
  }

  async acquire(placename: string): Promise<void> {
    await this.#call("AcquirePlace", { placename });
    await this.sync();
  }

  /** Does nothing when somebody else has it by now, or nobody. @param owner who has to have it still */
  async release(placename: string, owner: string): Promise<void> {
    await this.#call("ReleasePlace", { placename, fromuser: owner });
  }

  async reserve(filter: Readonly<Record<string, string>>): Promise<Reservation> {
    return this.#reservation("CreateReservation", { filters: { [GROUP]: { filter } } });
  }

  /** Puts off its end as well, by 60 s from now. */
  async poll(token: string): Promise<Reservation> {
    return this.#reservation("PollReservation", { token });
  }

  async cancel(token: string): Promise<void> {
    await this.#call("CancelReservation", { token });
  }

  async reservations(): Promise<readonly Reservation[]> {
    const { reservations } = (await this.#call("GetReservations", {})) as { reservations: readonly Reservation[] };
    return reservations;
  }

  /** Leaves what was acquired as it is. Repeatable. */
  close(): void {
    this.stream.cancel();
    this.client.close();
    this.#finish(new Error("the session was closed"));
  }

  async #reservation(method: Method, request: object): Promise<Reservation> {
    const { reservation } = (await this.#call(method, request)) as { reservation: Reservation };
    return { ...reservation, filters: reservation.filters, allocations: reservation.allocations };
  }

  async #call(method: Method, request: object): Promise<object> {
    const { path, encode, decode } = this.codecs(method);
    const answer = deferred<object>();
    const deadline = Date.now() + CALL_TIMEOUT_MS;
    this.client.makeUnaryRequest(path, encode, decode, request, { deadline }, (error, response) => {
      if (error) answer.reject(callFailure(this.coordinator, method, error));
      else answer.resolve(response ?? {});
    });
    return this.#unlessEnded(answer.promise);
  }

  #send(message: object): void {
    if (!this.ended.aborted) this.stream.write(message);
  }

  #listen(): void {
    this.stream.on("data", (message: object) => this.#take(message as ClientOut));
    this.stream.on("error", (error) => this.#finish(error));
    this.stream.on("end", () => this.#finish(new Error("the coordinator ended the connection")));
  }

  #take({ sync, updates }: ClientOut): void {
    for (const update of updates) readUpdate(update, this);
    if (updates.some(({ place, delPlace }) => place !== undefined || delPlace !== undefined)) {
      this.#changed.resolve();
      this.#changed = deferred();
    }
    if (sync === undefined) return;
    this.#syncs.get(sync.id)?.();
    this.#syncs.delete(sync.id);
  }

  #finish(reason: Error): void {
    if (!this.ended.aborted) this.#end.abort(unreachable(this.coordinator, reason));
  }

  async #unlessEnded<T>(work: Promise<T>): Promise<T> {
    // The loser of the race must not be an unhandled rejection.
    work.catch(() => undefined);
    this.ended.throwIfAborted();
    const end = deferred<never>();
    const onEnd = (): void => end.reject(this.ended.reason as Error);
    this.ended.addEventListener("abort", onEnd, { once: true });
    try {
      return await Promise.race([work, end.promise]);
    } finally {
      this.ended.removeEventListener("abort", onEnd);
    }
  }
}

function callFailure(coordinator: string, method: Method, error: ServiceError): Error {
  const { code, details } = error;
  if (Object.values<number>(STATUS).includes(code)) return unreachable(coordinator, error);
  const message = `The labgrid coordinator at ${coordinator} refused ${method}: ${details}.`;
  return new InfrastructureError("LAB_REFUSED", message, { cause: error });
}

function unreachable(coordinator: string, error: unknown): InfrastructureError {
  const message = `The labgrid coordinator at ${coordinator} cannot be reached: ${describeError(error)}`;
  const hint = `see whether it runs and can be reached from here: labgrid-client -x ${coordinator} places`;
  return new InfrastructureError("LAB_COORDINATOR", message, { cause: error, hint });
}
