/**
 * The exceptions of `android.system.virtualmachine`. Messages are Java's own, so that a suite written against Android
 * finds the same texts here; `kind` says who has to act, `code` names the failure.
 */
import { HarnessError, UsageError, isHarnessError } from "../base/errors.js";
import type { FailureKind, HarnessErrorOptions } from "../base/errors.js";

interface VirtualMachineExceptionOptions extends HarnessErrorOptions {
  readonly vmName?: string | undefined;
  /** Default: told by code and cause. */
  readonly kind?: FailureKind;
  /** What went wrong while undoing, after the failure that this error reports. */
  readonly suppressed?: readonly unknown[];
}

/** What Java throws this exception for as well, and no VM is to blame: the caller named what is not there, or is taken. */
const CALLERS_MISTAKES: readonly string[] = [
  "VM_EXISTS",
  "VM_NOT_FOUND",
  "APK_NOT_FOUND",
  "PACKAGE_NOT_FOUND",
  "PAYLOAD_NOT_FOUND",
  "EXTRA_APK_NOT_FOUND",
  "EXTRA_APKS_INVALID",
  "IDSIG_FAILED",
  "INCOMPATIBLE_CONFIG",
  "CONSOLE_INPUT_OFF",
  "OUTPUT_NOT_CAPTURED",
];

/**
 * A VM could not do what was asked. Mirrors VirtualMachineException.java. Its kind is `vm`; `infrastructure` when the
 * cause was a broken lab (device gone, adb dead); `usage` when the caller asked for what cannot be.
 */
export class VirtualMachineException extends HarnessError {
  readonly vmName: string | undefined;
  readonly suppressed: readonly unknown[];

  constructor(code: string, message: string, options: VirtualMachineExceptionOptions = {}) {
    super(options.kind ?? kindOf(code, options.cause), code, message, withName(message, options));
    this.vmName = options.vmName;
    this.suppressed = options.suppressed ?? [];
  }
}

/** Java's words do not say which VM it is. They stay as they are, in `shortMessage`; a line below them has the name. */
function withName(message: string, options: VirtualMachineExceptionOptions): VirtualMachineExceptionOptions {
  const { vmName, details = [] } = options;
  if (vmName === undefined || message.includes(`"${vmName}"`)) return options;
  return { ...options, details: [`Name of the VM: "${vmName}".`, ...details] };
}

function kindOf(code: string, cause: unknown): FailureKind {
  const causeKind = isHarnessError(cause) ? cause.kind : undefined;
  if (causeKind === "infrastructure") return causeKind;
  return CALLERS_MISTAKES.includes(code) || causeKind === "usage" ? "usage" : "vm";
}

/** An argument that can never be right. */
export class IllegalArgumentException extends UsageError {
  constructor(message: string, options?: HarnessErrorOptions) {
    super("ILLEGAL_ARGUMENT", message, options);
  }
}

/** A combination or an order of calls that is not allowed. */
export class IllegalStateException extends UsageError {
  constructor(message: string, options?: HarnessErrorOptions) {
    super("ILLEGAL_STATE", message, options);
  }
}

/** A required argument was null or undefined. */
export class NullPointerException extends UsageError {
  constructor(message: string, options?: HarnessErrorOptions) {
    super("NULL_ARGUMENT", message, options);
  }
}

/** The device cannot do this; nothing was started. */
export class UnsupportedOperationException extends UsageError {
  constructor(message: string, options?: HarnessErrorOptions) {
    super("UNSUPPORTED_OPERATION", message, options);
  }
}

/** A permission is missing. */
export class SecurityException extends UsageError {
  constructor(message: string, options?: HarnessErrorOptions) {
    super("PERMISSION_DENIED", message, options);
  }
}

/** What the service says by name that the caller may not do: Java's service throws it, whatever step asked. */
export function missingPermission(cause: unknown): SecurityException | undefined {
  if (!isHarnessError(cause) || cause.code !== "VM_PERMISSION") return undefined;
  if (!cause.shortMessage.includes("android.permission.")) return undefined;
  return new SecurityException(cause.shortMessage, { cause, hint: cause.hint });
}

/** Brands, not `instanceof` alone: an error may have crossed a realm. */
export function isUsageError(error: unknown): error is UsageError {
  return isHarnessError(error) && error.kind === "usage";
}

/** Java's `requireNonNull`: TypeScript forbids null, callers from JavaScript do not know. */
export function requireNonNull<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new NullPointerException(`${what} must not be null`);
  return value;
}
