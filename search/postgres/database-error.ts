import { CemError } from '../../base/index.ts';

/** SQLSTATE classes that say "cannot get in" (PostgreSQL, appendix A): connection, authorisation, catalog name, resources, operator intervention. */
const UNREACHABLE_CLASSES = ['08', '28', '3D', '53', '57'];

/** Where the system's and the driver's own errors say that there is no connection. */
const UNREACHABLE_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
  'EACCES',
];
const UNREACHABLE_MESSAGE =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|client was closed/i;

/** The SQLSTATE or system code of an error that a driver threw. */
export function databaseErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Node reports a refused connection to a name with several addresses as an AggregateError whose own message is empty. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(messageOf).join('; ');
  return error instanceof Error && error.message !== '' ? error.message : String(error);
}

/**
 * Makes an error of a database driver one of ours: `DATABASE_UNREACHABLE` where there is no connection (try again later, or look at the server),
 * `DATABASE_QUERY` for the rest. `details.sqlstate` keeps the driver's code.
 */
export function databaseError(error: unknown, location: string): CemError {
  if (error instanceof CemError) return error;
  const code = databaseErrorCode(error);
  const details = { location, sqlstate: code };
  const unreachable =
    (code?.length === 5 && UNREACHABLE_CLASSES.includes(code.slice(0, 2))) ||
    (code !== undefined && UNREACHABLE_CODES.includes(code)) ||
    UNREACHABLE_MESSAGE.test(messageOf(error));
  if (unreachable) {
    return new CemError(
      'DATABASE_UNREACHABLE',
      `the database ${location} cannot be reached (${messageOf(error)}); check that the server runs, and the address, user, password and database name`,
      { details, cause: error },
    );
  }
  return new CemError('DATABASE_QUERY', `the database ${location} refused a query: ${messageOf(error)}`, {
    details,
    cause: error,
  });
}
