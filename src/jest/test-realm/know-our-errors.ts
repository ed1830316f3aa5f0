/** A test file has a realm, and so an `Error`, of its own, which errors of the library are not made with. */
import { isHarnessError } from "../../base/errors.js";

/** `error instanceof Error` and `rejects.toThrow(Error)` hold in the test file for errors of the library, too. */
export function knowOurErrors(realmError: ErrorConstructor): void {
  const ordinary = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(realmError, Symbol.hasInstance, {
    // Classes of the file that extend Error inherit it: ours are none of theirs.
    value(this: unknown, value: unknown): boolean {
      return (
        ordinary.call(this as (...args: never) => unknown, value) || (this === realmError && isHarnessError(value))
      );
    },
    ...{ configurable: true, writable: true },
  });
}
