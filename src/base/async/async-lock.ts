/** Mutual exclusion for async work, first come, first served. */
export class AsyncLock {
  #tail: Promise<void> = Promise.resolve();

  /** Runs `work` once all earlier work has ended, well or badly. Not reentrant. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let release!: () => void;
    this.#tail = new Promise((resolve) => (release = resolve));
    await before;
    try {
      return await work();
    } finally {
      release();
    }
  }
}
