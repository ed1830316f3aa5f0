import { availableParallelism } from "node:os";

/** A target is one thread, and more than two of them would leave a small machine no time for others. */
const MOST = 2;

/** Does the work for each item, two at a time where there are processors for it; results are in the order of the items. */
export async function sideBySide<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const pending = [...items.entries()];
  const takeTurns = async (): Promise<void> => {
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: Math.min(MOST, availableParallelism()) }, takeTurns));
  return results;
}
