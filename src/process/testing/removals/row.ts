/** What a place in the sources may remove, move or end, why that is ours, and what proves it. */
export interface RemovalRow {
  readonly file: string;
  /** As `findSites` has them. */
  readonly calls: readonly string[];
  readonly touches: string;
  readonly ours: string;
  readonly proof: Proof;
}

export type Proof =
  /** A test, by its file and a part of its title. */
  | { readonly test: string; readonly title: string }
  /** The variable that is removed was made here with a name of chance: by mkdtemp, random bytes, or a draft's. */
  | { readonly chance: string }
  /** What the file itself has: for tools of the checkout, which no test runs. */
  | { readonly source: string; readonly has: string };
