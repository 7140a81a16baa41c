import { CemError, isCemError, messageOf, printableLine } from '../../base/index.ts';

/** Characters of an endpoint's error that are shown. */
const SHOWN = 300;
/** What an endpoint answers to a request that it cannot read. */
const REFUSALS: readonly unknown[] = [400, 404, 415, 422, 501];
const DENIALS: readonly unknown[] = [401, 403];

/** Whether an endpoint refused a request for what it asked, so that one that asks for less may pass. */
export function isRefusal(error: unknown): boolean {
  return isCemError(error, 'CHAT_MODEL') && REFUSALS.includes(error.details['status']);
}

/** An answer without text. */
export function saidNothing(model: string, reason: string): CemError {
  return new CemError('CHAT_MODEL', `the chat model ${model} said nothing: ${reason}`, { details: { model } });
}

/** What the `openai` package threw, as an error of ours; its message holds no key. */
export function chatFailure(error: unknown, url: string, keyVariable: string): CemError {
  const { status, cause } = Object(error) as { readonly status?: number; readonly cause?: unknown };
  const said = printableLine(messageOf(error).slice(0, SHOWN));
  const because = cause === undefined ? '' : ` (${printableLine(messageOf(cause).slice(0, SHOWN))})`;
  const reason =
    status === undefined ? `${said}${because}` : `it answered ${said.startsWith(`${status}`) ? said : `${status}: ${said}`}`;
  const advice = DENIALS.includes(status) ? `; the key is taken from ${keyVariable}` : '';
  return new CemError('CHAT_MODEL', `the chat model at ${url} failed: ${reason}${advice}`, {
    details: { url, ...(status !== undefined && { status }) },
    cause: error,
  });
}
