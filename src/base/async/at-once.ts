/**
 * Begins all at once and waits for all of them, also when one fails: nothing still runs when the call returns.
 * @throws the failure of the first in the order given, whichever came first in time
 */
export async function atOnce<T extends readonly unknown[]>(
  ...work: { readonly [Index in keyof T]: () => Promise<T[Index]> }
): Promise<T> {
  const results = await Promise.allSettled(work.map(async (one: () => Promise<unknown>) => one()));
  const values = results.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
  return values as unknown as T;
}
