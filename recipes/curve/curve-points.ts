import { parse } from 'yaml';
import { UsageError } from '../../base/index.ts';
import { parseConfig, type RunConfig, setValue } from '../../configs/index.ts';

/** Keys of `--settings` that have a short name. */
const SHORT_KEYS: Readonly<Record<string, string>> = {
  input: 'model.input',
  level: 'pack.level',
  dictionary: 'pack.dictionarySize',
  chunk: 'pack.targetChunkSize',
};

/** What is trained unless `--settings` says otherwise: the three inputs as the file has them packed, then symbols packed in other ways. */
const USUAL_SETTINGS = [
  'input=symbols',
  'input=bytes',
  'input=text',
  'level=3',
  'dictionary=0',
  'dictionary=524288',
  'chunk=1024',
];

/** One run of the curve. */
export interface PlannedPoint {
  /** Name of its folder, made from its settings. */
  readonly name: string;
  readonly settings: string;
  readonly config: RunConfig;
}

/**
 * The runs of a curve: the configuration with each of the settings, without anything that would end or choose by itself (development data, early stopping), and without a
 * query student, which no point is measured with.
 *
 * @param values of the configuration's file
 * @param settings `key=value,key=value` each; a key is `input`, `level`, `dictionary`, `chunk` or the path of any other; values are YAML, lists and mappings too
 * @throws UsageError `CURVE_SETTINGS`, and as `parseConfig`
 */
export function planPoints(values: Record<string, unknown>, settings: readonly string[], origin: string): PlannedPoint[] {
  const base = encoderAlone(values);
  const { name } = parseConfig(base, origin);
  const points = (settings.length === 0 ? USUAL_SETTINGS : settings).map((text) => planPoint(base, name, text, origin));
  points.forEach((point, index) => {
    const twin = points.slice(0, index).find(({ name }) => name === point.name);
    if (twin) throw new UsageError('CURVE_SETTINGS', `--settings ${point.settings} is given twice; each makes a run of its own`);
  });
  return points;
}

function planPoint(base: Record<string, unknown>, baseName: string, text: string, origin: string): PlannedPoint {
  const own = structuredClone(base);
  const parts = splitAtCommas(text);
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals <= 0 || equals === part.length - 1) {
      throw new UsageError(
        'CURVE_SETTINGS',
        `--settings ${text}: write key=value,key=value with input, level, dictionary, chunk or the path of a key, for example input=symbols,level=3`,
      );
    }
    const key = part.slice(0, equals);
    setValue(own, SHORT_KEYS[key] ?? key, parse(part.slice(equals + 1)), `--settings ${text}`);
  }
  const name = parts.map((part) => part.replaceAll(/[^\w.]+/g, '-')).join('_');
  const config = parseConfig({ ...own, name: `${baseName}-${name}` }, `${origin}, --settings ${text}`);
  return { name, settings: text, config };
}

/** Pieces between the commas that stand in no bracket or brace, so that a value may be a list or a mapping. */
function splitAtCommas(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if ('[{'.includes(character)) depth++;
    if (']}'.includes(character)) depth--;
    if (character === ',' && depth <= 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** The same without what measures the model on the way, and without the query student: points are measured with the teacher's queries. */
function encoderAlone(values: Record<string, unknown>): Record<string, unknown> {
  const own = structuredClone(values);
  for (const path of ['data.dev', 'training.evaluateEvery', 'training.earlyStopping', 'model.query', 'training.query']) {
    const [parent, key] = path.split('.');
    const inner = own[parent!];
    if (typeof inner === 'object' && inner !== null) delete (inner as Record<string, unknown>)[key!];
  }
  return own;
}
