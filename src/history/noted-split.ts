/** How this process's run was cut into shards, for its record: the sequencer knows, before the run begins. */

export interface Split {
  /** All files, of all shards. */
  readonly files: number;
  /** Equal where all shards were given the same files. */
  readonly digest: string;
}

let noted: Split | undefined;

export function noteSplit(split: Split): void {
  noted = split;
}

/** Of the run that begins now. */
export function notedSplit(): Split | undefined {
  const split = noted;
  noted = undefined;
  return split;
}
