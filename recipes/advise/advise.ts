import { UsageError } from '../../base/index.ts';
import { type Advice, advice, type ProjectFigures } from './advice.ts';
import { type MeasuredFolder, measureFolder } from './measure-folder.ts';

export interface AdviseOptions {
  /** A folder whose files are measured; without it the figures have to be given. */
  readonly folder?: string | undefined;
  /** Given figures go before measured ones. */
  readonly documents?: number | undefined;
  readonly tokens?: number | undefined;
  readonly language?: string | undefined;
  readonly crossDocument?: boolean | undefined;
  readonly changing?: boolean | undefined;
  /** Milliseconds of a search; 200 unless given. */
  readonly latency?: number | undefined;
  /** GiB of memory for codes; 4 unless given. */
  readonly memory?: number | undefined;
  /** `none` unless given. */
  readonly budget?: ProjectFigures['budget'] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface AdviseResult extends Advice {
  readonly project: ProjectFigures;
  /** What was read for it; null where nothing was. */
  readonly measured: MeasuredFolder | null;
}

const LATENCY = 200;
const MEMORY = 4;
const GIB = 2 ** 30;
/** Where only tokens are told: English has 4.4 bytes a token of o200k_base, Chinese about 4. */
const BYTES_OF_TOKEN = 4.2;

/**
 * Says which configuration follows from a folder's files, or from figures that are given.
 *
 * @throws UsageError `ADVISE_FIGURES` where neither a folder nor all figures are given, and for numbers below one; as `measureFolder`
 */
export async function advise(options: AdviseOptions): Promise<AdviseResult> {
  const {
    folder,
    latency = LATENCY,
    memory = MEMORY,
    budget = 'none',
    crossDocument = false,
    changing = false,
    signal,
  } = options;
  const measured = folder === undefined ? null : await measureFolder(folder, { signal });
  const documents = options.documents ?? measured?.documents;
  const tokens = options.tokens ?? measured?.tokens;
  const language = options.language ?? measured?.language;
  if (documents === undefined || tokens === undefined || language === undefined)
    throw new UsageError('ADVISE_FIGURES', 'name a folder to be measured, or --documents, --tokens and --language', {
      details: { documents, tokens, language },
    });
  for (const [name, value] of Object.entries({ documents, tokens, latency, memory }))
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError('ADVISE_FIGURES', `${name} is ${value}: give a number above 0`, { details: { name, value } });
  const bytes = options.tokens === undefined && measured !== null ? measured.bytes : tokens * BYTES_OF_TOKEN;
  const { pictures = false, dated = false } = measured ?? {};
  const project: ProjectFigures = {
    ...{ documents, tokens, bytes, language, pictures, dated, crossDocument, changing, latency, budget },
    memory: memory * GIB,
  };
  return { project, measured, ...advice(project) };
}
