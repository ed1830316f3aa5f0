import type { Parting } from "../testing/oracle/parting.js";

/** What the port means to answer differently, with the rule by which the comparison knows it. */
export interface Difference {
  readonly id: string;
  /** The sentence of docs/parity.md. */
  readonly says: string;
  explains(parting: Parting): boolean;
}
