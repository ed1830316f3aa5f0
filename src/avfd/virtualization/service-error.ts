/** Refusals of the service, as a binder `Status` prints them in the tools of Android. */

const EXCEPTION_CODES = {
  EX_SECURITY: -1,
  EX_ILLEGAL_ARGUMENT: -3,
  EX_ILLEGAL_STATE: -5,
  EX_UNSUPPORTED_OPERATION: -7,
  EX_SERVICE_SPECIFIC: -8,
} as const;

type BinderException = keyof typeof EXCEPTION_CODES;

export class ServiceError extends Error {
  constructor(
    readonly exception: BinderException,
    readonly reason: string,
  ) {
    // A service-specific error carries a number of its own; AVF always uses -1.
    const detail = exception === "EX_SERVICE_SPECIFIC" ? `-1: ${reason}` : reason;
    super(`Status(${EXCEPTION_CODES[exception]}, ${exception}): '${detail}'`);
  }
}
