import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const ID_BYTES = 6;
const SECRET_BYTES = 32;
const SALT_BYTES = 16;
const KEY = /^cem_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** What is kept of a key: enough to know it again, not to make it. */
export interface StoredSecret {
  /** 12 hexadecimal digits, which the key begins with. */
  readonly id: string;
  readonly salt: string;
  /** SHA-256 of salt and secret, in hexadecimal digits. */
  readonly hash: string;
}

/**
 * SHA-256 and not a slow hash such as scrypt: those make guessing dear where secrets are words that people chose. This secret is 32 random bytes, which nobody guesses, and every request has to
 * check one. The salt keeps files of several servers from being compared.
 */
function hashOf(salt: string, secret: string): string {
  return createHash('sha256').update(Buffer.from(salt, 'hex')).update(secret).digest('hex');
}

/** Makes a key, and what is kept of it: `cem_ID_SECRET`. */
export function makeKey(): { readonly key: string; readonly stored: StoredSecret } {
  const id = randomBytes(ID_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { key: `cem_${id}_${secret}`, stored: { id, salt, hash: hashOf(salt, secret) } };
}

/** The id that a key begins with; undefined for what is no key. */
export const idOfKey = (key: string): string | undefined => KEY.exec(key)?.[1];

/** Stands for keys that are not there, so that looking for one takes as long as for one that is. */
const NOBODY: StoredSecret = { id: '', salt: '00'.repeat(SALT_BYTES), hash: '00'.repeat(SECRET_BYTES) };

/** Whether a key is the one of which this was kept; in a time that does not depend on where they differ. */
export function isKeyOf(key: string, stored: StoredSecret = NOBODY): boolean {
  const secret = KEY.exec(key)?.[2] ?? '';
  const same = timingSafeEqual(Buffer.from(hashOf(stored.salt, secret), 'hex'), Buffer.from(stored.hash, 'hex'));
  return same && stored !== NOBODY;
}
