/** What no PostgreSQL text holds: a zero byte, or half of a surrogate pair (it has no UTF-8). Every store refuses it, so that rows move between stores. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

/** The same two in a text of JSON, which writes both as escapes; a backslash before them would itself be escaped. */
const UNSTORABLE_IN_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

export const STORABLE_TEXT_RULE = 'a zero byte or half a surrogate pair, which PostgreSQL cannot store';

export function isStorable(text: string): boolean {
  return !UNSTORABLE.test(text);
}

/** @param json as `JSON.stringify` writes it */
export function isStorableJson(json: string): boolean {
  return !UNSTORABLE_IN_JSON.test(json);
}
