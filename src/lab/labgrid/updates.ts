/** Changes of places and resources, as the coordinator reports them. */
import type { Place, Resource } from "./model.js";

export interface Update {
  readonly resource?: WireResource;
  readonly delResource?: WirePath;
  readonly place?: Place;
  readonly delPlace?: string;
}

interface WirePath {
  readonly exporter?: string;
  readonly group?: string;
  readonly name?: string;
}

interface WireResource {
  readonly path?: WirePath;
  readonly cls?: string;
  readonly params: Readonly<Record<string, WireValue>>;
  readonly extra: Readonly<Record<string, WireValue>>;
  readonly avail?: boolean;
}

interface WireValue {
  readonly bool?: boolean;
  readonly int?: number;
  readonly uint?: number;
  readonly float?: number;
  readonly string?: string;
}

export function readUpdate(
  { resource, delResource, place, delPlace }: Update,
  known: { readonly places: Map<string, Place>; readonly resources: Map<string, Resource> },
): void {
  if (place !== undefined) known.places.set(place.name, place);
  if (delPlace !== undefined) known.places.delete(delPlace);
  if (resource?.path !== undefined) {
    const read = readResource(resource, resource.path);
    known.resources.set(read.path, read);
  }
  if (delResource === undefined) return;
  // Without its class, which no two of one name differ in.
  const { exporter = "", group = "", name = "" } = delResource;
  for (const path of known.resources.keys()) {
    if (path.startsWith(`${exporter}/${group}/`) && path.endsWith(`/${name}`)) known.resources.delete(path);
  }
}

function readResource({ cls = "", params, extra, avail = false }: WireResource, path: WirePath): Resource {
  const { exporter = "", group = "", name = "" } = path;
  return {
    path: [exporter, group, cls, name].join("/"),
    ...{ cls, avail, params: readValues(params), extra: readValues(extra) },
  };
}

function readValues(values: Readonly<Record<string, WireValue>>): Resource["params"] {
  return new Map(
    Object.entries(values).flatMap(([name, { bool, int, uint, float, string }]) => {
      const value = bool ?? int ?? uint ?? float ?? string;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
