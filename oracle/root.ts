/** The checkout; `run.cjs` goes there. */
export const root = process.cwd();
