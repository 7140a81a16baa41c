/** The numbers of a line of metrics, by their path: `{"dev": {"retention": 1}}` gives `dev/retention`. */
export function numbersOf(value: unknown, path = ''): [name: string, value: number][] {
  if (typeof value === 'number') return Number.isFinite(value) ? [[path, value]] : [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersOf(inner, path === '' ? key : `${path}/${key}`));
}
