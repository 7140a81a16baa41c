import { z } from 'zod';

/** What the references need of a JSON Schema as zod writes it. */
export interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** One key of a configuration or of a request. */
export interface SchemaRow {
  readonly path: string;
  readonly type: string;
  readonly standard: string;
  readonly description: string;
}

/** What may be given, as JSON Schema. */
export const schemaOf = (schema: z.ZodType): SchemaNode =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
const isSafe = (bound: number | undefined): bound is number => bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;

/** Bounds in words: those that zod's `int()` brings along are left out. */
function boundsOf(node: SchemaNode): string {
  const bounds = [
    isSafe(node.minimum) ? `at least ${node.minimum}` : '',
    isSafe(node.exclusiveMinimum) ? `above ${node.exclusiveMinimum}` : '',
    isSafe(node.maximum) ? `at most ${node.maximum}` : '',
    isSafe(node.exclusiveMaximum) ? `below ${node.exclusiveMaximum}` : '',
    isSafe(node.maxLength) ? `at most ${node.maxLength} characters` : '',
  ];
  return bounds.filter((bound) => bound !== '').join(', ');
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return code(node.const);
  if (node.enum !== undefined) return node.enum.map(code).join(', ');
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined)
    return [...new Set(choices.map((choice) => (choice.properties ? 'keys' : typeOf(choice))))].join(' or ');
  if (node.items !== undefined) return `list of ${node.items.properties ? 'keys' : typeOf(node.items)}`;
  if (node.properties !== undefined) return 'keys';
  if (node.type === 'object') return 'keys of your own';
  const name = node.type === 'integer' ? 'whole number' : String(node.type ?? 'any value');
  const bounds = boundsOf(node);
  return bounds === '' ? name : `${name}, ${bounds}`;
}

/** What a key is worth that is not given: "needed" where it must be, a dash where it may be absent. Defaults of groups stand with their keys. */
function standardOf(node: SchemaNode, needed: boolean, ofGroup: unknown): string {
  const value = ofGroup ?? node.default;
  if (value !== undefined && !node.properties) return code(value);
  return needed && value === undefined ? 'needed' : '–';
}

/** The keys below a node, each with its whole path; alternatives one after the other, each named by what tells it from the others. */
function below(node: SchemaNode, path: string, skip: ReadonlySet<string>): SchemaRow[] {
  if (skip.has(path)) return [];
  const choices = node.anyOf ?? node.oneOf;
  if (choices !== undefined) return choices.flatMap((choice) => alternative(choice, path, skip));
  if (node.items !== undefined) return below(node.items, `${path}[]`, skip);
  const defaults = (node.default ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    rowsOf(child, path === '' ? key : `${path}.${key}`, node.required?.includes(key) ?? false, skip, defaults[key]),
  );
}

function alternative(choice: SchemaNode, path: string, skip: ReadonlySet<string>): SchemaRow[] {
  const mark = Object.entries(choice.properties ?? {}).find(([, { const: value }]) => value !== undefined);
  if (mark === undefined) return below(choice, path, skip);
  const [key, { const: value, description }] = mark;
  const properties = Object.fromEntries(Object.entries(choice.properties ?? {}).filter(([name]) => name !== key));
  const head = {
    path: `${path}.${key}`,
    type: code(value),
    standard: 'needed',
    description: choice.description ?? description ?? '',
  };
  return [head, ...below({ ...choice, properties }, path, skip)];
}

/**
 * Rows of a node and of all below it, in the order of the schema.
 *
 * @param ofGroup the key's value in the default of the group that it stands in
 */
export function rowsOf(
  node: SchemaNode,
  path: string,
  needed: boolean,
  skip: ReadonlySet<string> = new Set(),
  ofGroup?: unknown,
): SchemaRow[] {
  const inner = below(node, path, skip);
  const row = { path, type: typeOf(node), standard: standardOf(node, needed, ofGroup), description: node.description ?? '' };
  // A group of keys that says nothing of itself is named by its keys.
  return inner.length > 0 && row.description === '' ? inner : [row, ...inner];
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

export function tableOf(rows: readonly SchemaRow[]): string {
  return [
    '| key | value | default | meaning |',
    '|---|---|---|---|',
    ...rows.map((row) => `| \`${row.path}\` | ${cell(row.type)} | ${cell(row.standard)} | ${cell(row.description)} |`),
  ].join('\n');
}
