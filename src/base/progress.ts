/** How long-running work reports what it is doing; the command line and Jest's global setup each supply one. */
export interface Progress {
  /** A step begins; ends the step before it. */
  step(text: string): void;
  /** More about the current step, e.g. `42 of 120 MB`; may come often. */
  detail(text: string): void;
}

export const silentProgress: Progress = { step: () => undefined, detail: () => undefined };
