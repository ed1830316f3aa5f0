/**
 * An object that is another one but for some of its members: how devices and services are recorded, guarded and bound to
 * something.
 *
 * It is a plain object with a member for each one of the target, which calls or reads the target's. So methods and getters run
 * on the target, where their private fields are; `Object.create(target)` has none of these, and a spread has neither methods of
 * a class nor what a getter says later. A `Proxy` would do as well, but answers to every name, `then` among them, makes a
 * function with each read, and cannot replace what is frozen. What a target gets later is not seen: contracts do not grow.
 *
 * A target that calls itself is not decorated: what replaces `close` replaces `[Symbol.asyncDispose]`, too.
 */

/** Called in place of each method that is neither replaced nor added; `call` is what it would do. */
type Around = <V>(call: () => Promise<V>, name: string) => Promise<V>;

/** Names of methods that return no promise. */
type SyncMethods<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => infer V ? (V extends PromiseLike<unknown> ? never : K) : never;
}[keyof T];

interface DecorateOptions<T, K extends keyof T, A> {
  /** Members that the target does not have. */
  readonly adds?: A;
  /** Allowed where all methods that are not replaced return promises: one that throws rejects then. */
  readonly around?: [SyncMethods<Omit<T, K>>] extends [never] ? Around : never;
  /** Whom calls go to at the time, where that changes. Default: the target. */
  readonly current?: () => T;
}

type Method = (...args: readonly unknown[]) => unknown;

/** @param replaced members in place of the target's; getters stay getters */
export function decorate<T extends object, K extends keyof T, A extends object = object>(
  target: T,
  replaced: Pick<T, K>,
  { adds, around, current = () => target }: DecorateOptions<T, K, A> = {},
): T & A {
  const forwarded: PropertyDescriptorMap = {};
  for (const [name, isMethod] of membersOf(target)) {
    const read = (): unknown => Reflect.get(current(), name);
    const forward: Method = (...args) => (read() as Method).apply(current(), [...args]);
    const value = around === undefined ? forward : surround(around, forward, String(name));
    forwarded[name] = {
      configurable: true,
      enumerable: true,
      ...(isMethod ? { value, writable: true } : { get: read }),
    };
  }
  const own = { ...Object.getOwnPropertyDescriptors(replaced), ...Object.getOwnPropertyDescriptors(adds ?? {}) };
  return Object.defineProperties({}, { ...forwarded, ...own }) as T & A;
}

function surround(around: Around, forward: Method, name: string): Method {
  return (...args) => around(async () => forward(...args), name);
}

/** Its own and those of its classes, by name; whether each is a method. Getters are not asked. */
function membersOf(target: object): ReadonlyMap<PropertyKey, boolean> {
  const members = new Map<PropertyKey, boolean>();
  for (
    let holder: object | null = target;
    holder !== null && holder !== Object.prototype;
    holder = Object.getPrototypeOf(holder) as object | null
  ) {
    for (const name of Reflect.ownKeys(holder)) {
      if (name === "constructor" || members.has(name)) continue;
      members.set(name, typeof Reflect.getOwnPropertyDescriptor(holder, name)?.value === "function");
    }
  }
  return members;
}
