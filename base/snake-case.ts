/** Keys of our own objects. Other keys (`ndcg@10`, `query-student`, `P_10`) are names that mean something elsewhere. */
const CAMEL_CASE = /^[a-z][a-z0-9]*([A-Z][a-z0-9]*)+$/;

/**
 * The same value with the keys of its objects in snake_case, as they are written on the wire.
 *
 * @param data paths of what is left as it is with all below it, since its keys are data (ids, file names, keys of a configuration): names separated by dots, `*` for any
 *   one name or place in a list, the empty path for the whole value
 */
export function snakeCaseKeys(value: unknown, data: readonly string[] = []): unknown {
  return translate(
    value,
    data.map((path) => (path === '' ? [] : path.split('.'))),
  );
}

function translate(value: unknown, data: readonly (readonly string[])[]): unknown {
  if (typeof value !== 'object' || value === null || data.some((path) => path.length === 0)) return value;
  const below = (name: string) => data.filter(([first]) => first === '*' || first === name).map((path) => path.slice(1));
  if (Array.isArray(value)) return value.map((item: unknown, index) => translate(item, below(String(index))));
  if ('toJSON' in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeCase(key), translate(item, below(key))]));
}

/** `textBytes` is `text_bytes`. */
function snakeCase(key: string): string {
  return CAMEL_CASE.test(key) ? key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) : key;
}
