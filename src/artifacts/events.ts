/** What a run records, one JSON object a line. All data, no live handles: reporters read it in other processes. */

export type TestStatus = "passed" | "failed" | "skipped" | "todo";

/** What happened, without when and where. */
export type RunEventBody =
  | { readonly kind: "device-leased"; readonly serial: string; readonly device: string; readonly durationMs: number }
  | { readonly kind: "device-released"; readonly serial: string }
  | {
      readonly kind: "device-call";
      readonly call: string;
      readonly argv: readonly string[];
      readonly durationMs: number;
      readonly exitCode: number | undefined;
      readonly failure?: string;
    }
  | { readonly kind: "test-start"; readonly file: string; readonly test: string; readonly attempt: number }
  | {
      readonly kind: "test-end";
      readonly file: string;
      readonly test: string;
      readonly attempt: number;
      readonly status: TestStatus;
      readonly durationMs: number;
      readonly errors: readonly string[];
      /** Folder with what was saved for this test, relative to the run's folder. */
      readonly evidence?: string;
    }
  | { readonly kind: "vm-created"; readonly vm: string; readonly machine: number }
  | { readonly kind: "vm-transition"; readonly vm: string; readonly machine: number; readonly status: string }
  | {
      readonly kind: "vm-output";
      readonly vm: string;
      readonly machine: number;
      readonly stream: "console" | "log";
      readonly line: string;
    }
  | {
      readonly kind: "vm-event";
      readonly vm: string;
      readonly machine: number;
      readonly event: string;
      readonly detail?: unknown;
    };

export type RunEvent = RunEventBody & {
  /** Milliseconds since 1970, with fractions. */
  readonly atMs: number;
  /** Process that wrote it. */
  readonly pid: number;
};
