/**
 * What goes over the wire to a labgrid coordinator (gRPC, package `labgrid`, version 25 and later): the numbers and types of
 * the fields that we use, as its labgrid-coordinator.proto has them. Unknown fields are skipped.
 */
import type { AnyDefinition } from "@grpc/proto-loader";

type Fields = Readonly<Record<string, readonly [id: number, type: string, kind?: "repeated" | "map"]>>;

const MESSAGES: Readonly<Record<string, Fields>> = {
  Empty: {},
  Sync: { id: [1, "uint64"] },
  Startup: { version: [1, "string"], name: [2, "string"] },
  Subscribe: { allPlaces: [2, "bool"] },
  ClientIn: { sync: [1, "Sync"], startup: [2, "Startup"], subscribe: [3, "Subscribe"] },
  Path: { exporter: [1, "string"], group: [2, "string"], name: [3, "string"] },
  Value: {
    bool: [1, "bool"],
    int: [2, "int64"],
    uint: [3, "uint64"],
    float: [4, "double"],
    string: [5, "string"],
  },
  Resource: {
    path: [1, "Path"],
    cls: [2, "string"],
    params: [3, "Value", "map"],
    extra: [4, "Value", "map"],
    acquired: [5, "string"],
    avail: [6, "bool"],
  },
  Place: {
    name: [1, "string"],
    aliases: [2, "string", "repeated"],
    tags: [4, "string", "map"],
    acquired: [6, "string"],
    acquiredResources: [7, "string", "repeated"],
    changed: [10, "double"],
    reservation: [11, "string"],
  },
  Update: { resource: [1, "Resource"], delResource: [2, "Path"], place: [3, "Place"], delPlace: [4, "string"] },
  ClientOut: { sync: [1, "Sync"], updates: [2, "Update", "repeated"] },
  PlaceRequest: { placename: [1, "string"] },
  ReleaseRequest: { placename: [1, "string"], fromuser: [2, "string"] },
  Filter: { filter: [1, "string", "map"] },
  Reservation: {
    owner: [1, "string"],
    token: [2, "string"],
    state: [3, "int32"],
    filters: [5, "Filter", "map"],
    allocations: [6, "string", "map"],
    created: [7, "double"],
  },
  ReserveRequest: { filters: [1, "Filter", "map"] },
  TokenRequest: { token: [1, "string"] },
  OneReservation: { reservation: [1, "Reservation"] },
  Reservations: { reservations: [1, "Reservation", "repeated"] },
};

const METHODS = {
  ClientStream: ["ClientIn", "ClientOut"],
  AcquirePlace: ["PlaceRequest", "Empty"],
  ReleasePlace: ["ReleaseRequest", "Empty"],
  CreateReservation: ["ReserveRequest", "OneReservation"],
  PollReservation: ["TokenRequest", "OneReservation"],
  CancelReservation: ["TokenRequest", "Empty"],
  GetReservations: ["Empty", "Reservations"],
} as const;

export type Method = keyof typeof METHODS;

/** For `fromJSON` of @grpc/proto-loader, as protobuf.js writes a schema. */
export function coordinatorSchema(): { readonly nested: object } {
  const nested = Object.fromEntries(Object.entries(MESSAGES).map(([name, fields]) => [name, messageType(fields)]));
  const methods = Object.fromEntries(
    Object.entries(METHODS).map(([name, [requestType, responseType]]) => [name, { requestType, responseType }]),
  );
  return { nested: { labgrid: { nested: { ...nested, Coordinator: { methods } } } } };
}

export const CODEC = { longs: Number, enums: Number, defaults: false, arrays: true, objects: true } as const;

export interface Codec {
  readonly path: string;
  readonly encode: (message: object) => Buffer;
  readonly decode: (bytes: Buffer) => object;
}

export function codecOf(definitions: Readonly<Record<string, AnyDefinition>>, method: Method): Codec {
  const service = definitions["labgrid.Coordinator"];
  const found = service !== undefined && !("format" in service) ? service[method] : undefined;
  if (found === undefined) throw new Error(`no method ${method}`);
  return { path: found.path, encode: found.requestSerialize, decode: found.responseDeserialize };
}

function messageType(fields: Fields): object {
  const described = Object.entries(fields).map(([name, [id, type, kind]]) => {
    if (kind === "map") return [name, { id, type, keyType: "string" }];
    return [name, kind === undefined ? { id, type } : { id, type, rule: kind }];
  });
  return { fields: Object.fromEntries(described) as object };
}
