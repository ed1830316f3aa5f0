/** How long-running work reports what it is doing; the command line and Jest's global setup each supply one. */
export interface Progress {
  /** A step begins; ends the step before it. */
  step(text: string): void;
  /** More about the current step, e.g. `42 of 120 MB`; may come often. */
  detail(text: string): void;
  /** What has happened, as a line of its own; ends the step before it. Without this method it is shown as a step. */
  note?(text: string): void;
}

export function tellNote(progress: Progress, text: string): void {
  if (progress.note === undefined) progress.step(text);
  else progress.note(text);
}

export const silentProgress: Progress = { step: () => undefined, detail: () => undefined };
