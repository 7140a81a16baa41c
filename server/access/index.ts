/** Who may do what: keys in a file, what each may do and see, limits of requests, and pages of others kept out. */
export { identifyRequests, requirePrincipal } from './access.ts';
export { isLoopbackName, refuseForeignPages } from './foreign-pages.ts';
export { KeyRing } from './key-ring.ts';
export { addKey, KEYS_FILE, type KeyEntry, type NewKey, readKeys, removeKey } from './keys-file.ts';
export { checkListening, isLoopback } from './listening.ts';
export {
  LOCAL_PRINCIPAL,
  labelsToSet,
  NOBODY,
  type Principal,
  SCOPES,
  type Scope,
  scopesUpTo,
  seesEverything,
  seesLabels,
} from './principal.ts';
export { limitRates } from './rate-limit.ts';
