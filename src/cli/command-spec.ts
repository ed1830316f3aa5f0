/** What commands.ts says of a command. */
export interface OptionSpec {
  readonly type: "boolean" | "string";
  /** It may be given several times. */
  readonly multiple?: boolean;
  /** One letter that stands for it. */
  readonly short?: string;
  /** What stands for the value in help. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  /** After `avf` and the command's name. */
  readonly takes: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Paragraphs below the options. */
  readonly notes?: readonly string[];
  /** What exit codes mean beyond those that all commands share. */
  readonly exitCodes?: readonly string[];
}
