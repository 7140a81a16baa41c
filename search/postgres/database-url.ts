import { UsageError } from '../../base/index.ts';

/** Parts of a query that may hold an `@` though no user stands before the host. */
const NAMING_PARAMETERS = /^(?:user|password|host|application_name|options)=/;
/** Escapes that the driver reads as they stand. */
const LOOSE_PERCENT = /%[^a-f0-9]|%[a-f0-9][^a-f0-9]/i;
/** Parts of a query that are secrets. */
const SECRET_PARAMETERS = ['password', 'sslpassword'];

/**
 * Whether a URL has a character at a place where it cuts the password off, so that the rest of it would be taken for a host or a database: `#` anywhere, an
 * `@` beside the one before the host.
 */
function hasUnescapedCharacter(url: string): boolean {
  if (url.includes('#')) return true;
  const afterScheme = url.slice(url.indexOf('://') + 3);
  const [address = '', ...queries] = afterScheme.split('?');
  const [authority = '', ...path] = address.split('/');
  const signs = authority.split('@').length - 1;
  if (signs > 1 || path.join('/').includes('@')) return true;
  const parts = queries.join('?').split('&');
  if (parts.some((part) => part !== '' && !/^\w+=/.test(part))) return true;
  return signs === 0 && parts.some((part) => part.includes('@') && !NAMING_PARAMETERS.test(part));
}

function canBeDecoded(url: string, { username, password }: URL): boolean {
  if (LOOSE_PERCENT.test(url)) return true;
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

/**
 * The URL as it may be shown and stored: without its password, in the user part or in the query. What cannot be told apart from a password is refused, and
 * nothing of it is repeated.
 *
 * @throws UsageError `DATABASE_URL` for anything but a postgres:// or postgresql:// URL, and for one whose password is not percent-encoded
 */
export function databaseUrlWithoutPassword(url: string): string {
  const isPostgres = /^postgres(?:ql)?:\/\//i.test(url);
  const parsed = isPostgres && URL.canParse(url) ? new URL(url) : undefined;
  if (isPostgres && (parsed === undefined || hasUnescapedCharacter(url) || !canBeDecoded(url, parsed))) {
    throw new UsageError(
      'DATABASE_URL',
      'the URL of the database cannot be read as postgres://user:password@host:port/database: percent-encode the password (@ as %40, # as %23, / as %2F, ? as %3F, % as %25), or leave it out and set PGPASSWORD',
    );
  }
  if (parsed === undefined) {
    throw new UsageError('DATABASE_URL', 'the database must be given as a URL: postgres://user:password@host:port/database');
  }
  parsed.password = '';
  for (const name of SECRET_PARAMETERS) parsed.searchParams.delete(name);
  return parsed.toString();
}
