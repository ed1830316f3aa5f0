/** The reason of work that was ended from outside: by a signal, or because nobody reads what it says. */
export class InterruptedError extends Error {
  constructor(readonly signalName: NodeJS.Signals) {
    super(`interrupted by ${signalName}`);
  }
}
