/** Marks the errors of every copy of this package that a program may have loaded: `instanceof` knows those of one copy alone. */
const BRAND = Symbol.for('cem-rag.error');

/**
 * The one base class of every error that this project throws on purpose.
 *
 * `code` is stable and meant for programs; `message` is meant for people and says what was wrong, what was got and what to do;
 * `details` carries the values that the message mentions.
 */
export class CemError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CemError';
    this.code = code;
    this.details = options.details ?? {};
  }

  get [BRAND](): true {
    return true;
  }
}

/** The caller asked for something that makes no sense as asked (unknown flag, unknown config key): exit code 2. */
export class UsageError extends CemError {
  constructor(code: string, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(code, message, options);
    this.name = 'UsageError';
  }
}

/** A file is not what it claims to be; `details` holds the path and, where known, the byte position. */
export class FormatError extends CemError {
  constructor(code: string, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(code, message, options);
    this.name = 'FormatError';
  }
}

/** Whether something that was thrown is an error of ours, of any copy of this package; with a code, whether it is that one. */
export function isCemError(error: unknown, code?: string): error is CemError {
  return (
    typeof error === 'object' && error !== null && BRAND in error && (code === undefined || (error as CemError).code === code)
  );
}
