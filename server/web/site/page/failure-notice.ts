import { ApiError } from './api-error.ts';
import { make } from './make.ts';
import type { StringKey } from './strings.ts';

// Code of the page: see site-script.ts.

/** What to do about a refusal. */
export function adviceFor(error: unknown): StringKey {
  if (!(error instanceof ApiError)) return 'advice.page';
  const { status, code } = error;
  if (code === 'BROKEN_OFF') return 'advice.again';
  if (status === 0) return 'advice.noAnswer';
  if (status === 401) return 'advice.key';
  // Refused for how the server is called, not for who asks.
  if (status === 403) return code.endsWith('_REFUSED') ? 'advice.mend' : 'advice.rights';
  if (status === 404) return 'advice.missing';
  if (status === 413) return 'advice.tooLarge';
  if (status === 429) return 'advice.tooOften';
  if (status === 503) return 'advice.busy';
  return status >= 500 ? 'advice.log' : 'advice.mend';
}

/** What went wrong, in the server's words, and what to do about it in ours. */
export function makeFailure(error: unknown): HTMLElement {
  const message = error instanceof Error && error.message !== '' ? error.message : undefined;
  const key = adviceFor(error);
  const advice = make('p', { class: 'advice', say: key });
  const link =
    key === 'advice.key' || key === 'advice.rights'
      ? make('a', { say: 'advice.toSettings', attributes: { href: '#/settings' } })
      : undefined;
  return make(
    'div',
    { class: 'failure', attributes: { role: 'alert' } },
    message === undefined ? make('p', { say: 'failure.noAnswer' }) : make('p', { text: message }),
    advice,
    link,
  );
}
