// Code of the page: see site-script.ts.

/** What the server, or the way to it, refused. */
export class ApiError extends Error {
  /** Of HTTP; 0 where there was no answer. */
  readonly status: number;
  /** The server's, in capitals. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The error that an answer's body describes. */
export function errorOfBody(status: number, body: unknown): ApiError {
  const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } };
  const code = typeof error?.code === 'string' ? error.code : `HTTP_${status}`;
  const message = typeof error?.message === 'string' ? error.message : `HTTP ${status}`;
  return new ApiError(status, code, message);
}

/** Whether a person ended it, which is no failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
