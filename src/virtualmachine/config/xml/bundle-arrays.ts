/** Arrays of a bundle, which say how many items they have. Mirrors XmlUtils#readThisStringArrayXml and its like. */
import { attributeOf } from "../../../xml/index.js";
import { BundleFormatError } from "./bundle-format-error.js";
import { booleanOf, doubleOf, integerOf, valueOf } from "./bundle-scalars.js";
import type { EventReader, StartEvent } from "./bundle-events.js";
import type { ArrayType, BundleValue } from "./persistable-bundle.js";

/** Far more than anybody lists; Java would make an array of any size that is asked for. */
const MAX_ITEMS = 65_536;

const ITEMS: Readonly<Record<ArrayType, { readonly rest: string; readonly read: (item: StartEvent) => string }>> = {
  "string-array": { rest: "", read: (item) => attributeOf(item, "value") ?? "" },
  "int-array": { rest: "0", read: (item) => String(integerOf(valueOf(item), 32)) },
  "long-array": { rest: "0", read: (item) => String(integerOf(valueOf(item), 64)) },
  "double-array": { rest: "0.0", read: (item) => doubleOf(valueOf(item)) },
  "boolean-array": { rest: "false", read: (item) => String(booleanOf(valueOf(item))) },
};

/** Leaves the reader at the end of the array. Text in it is passed over; items that are said to be and are not have a default. */
export function readArray(reader: EventReader, array: StartEvent, type: ArrayType): BundleValue {
  const count = Number(integerOf(valueOf(array, "num"), 32));
  if (count < 0 || count > MAX_ITEMS) throw new BundleFormatError(`an array has ${count} items`);
  const { rest, read } = ITEMS[type];
  const items = new Array<string>(count).fill(rest);
  const missing = new Set(type === "string-array" ? items.keys() : []);
  let at = 0;
  for (let event = reader.next(); event; event = reader.next()) {
    if (event.kind === "text") continue;
    if (event.kind === "end" && event.name === type) {
      return { type, items, ...(missing.size > 0 ? { hasNulls: true } : {}) };
    }
    if (event.name !== "item") throw new BundleFormatError(`<${event.name}> in an array`);
    if (event.kind === "end") at++;
    else if (at >= count) throw new BundleFormatError(`an array has more than ${count} items`);
    else {
      items[at] = read(event);
      if (attributeOf(event, "value") !== undefined) missing.delete(at);
    }
  }
  throw new BundleFormatError("it ends in an array");
}
