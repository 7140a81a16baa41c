import { messageOf, UsageError } from '../../base/index.ts';
import { describeFilterIssue, type Filter, filterSchema } from '../../search/index.ts';

export const filterOption = {
  type: 'string',
  describe: 'only passages whose metadata passes: JSON such as {"field": "fields.year", "range": {"gte": 2020}}',
} as const;

/** @throws UsageError `SEARCH_FILTER` naming the place */
export function parseFilterOption(text: string | undefined): Filter | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UsageError('SEARCH_FILTER', `--filter is not JSON: ${messageOf(cause)}; quote it for the shell as '{…}'`, {
      cause,
    });
  }
  const parsed = filterSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UsageError('SEARCH_FILTER', `--${describeFilterIssue(parsed.error)}`, { cause: parsed.error });
}
