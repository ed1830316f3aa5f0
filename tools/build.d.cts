/** Builds dist/ when a source changed since the last build. Returns whether it did. */
export function build(): Promise<boolean>;
