/** Runs `work` while no other process does so for this folder. */
export function withCheckoutLock<T>(root: string, work: () => Promise<T>): Promise<T>;
