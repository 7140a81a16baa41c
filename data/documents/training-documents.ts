import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { CemError } from '../../base/index.ts';
import { type BeirData, readBeir } from './beir.ts';
import { readCorpus } from './corpus.ts';
import type { Document } from './document.ts';
import type { ReadingOptions } from './reading-options.ts';

/** Where documents to train on come from. */
export interface TrainingSource {
  /** A folder of texts, a JSONL file or a BEIR folder. */
  readonly source: string;
  /** For a BEIR folder: only the documents that this split judges. */
  readonly split?: string | undefined;
  /** For a BEIR folder: none of the documents that this split judges. */
  readonly except?: string | undefined;
}

/** A further corpus beside a run's first. */
export interface FurtherSource extends TrainingSource {
  /** How often its texts come in comparison with those of the first source. */
  readonly weight: number;
}

/** The documents of a run. */
export interface TrainingDocuments {
  /** Reads them anew; those of a further corpus have its name before their id. */
  readonly documents: () => AsyncIterable<Document>;
  /** Share of a document's texts that an epoch takes, 0 to 1: its corpus' weight over the largest one. Absent where all corpora count the same. */
  readonly shareOf?: (id: string) => number;
}

/**
 * The documents that a run trains on: those of its source, and of further ones, in this order.
 *
 * @throws CemError `DATA_MISSING` when there is no such source, `DATA_TWICE` when two further sources have one name; reading, `DATA_TWICE` when an id of the first source begins with it
 */
export async function trainingDocuments(
  first: TrainingSource,
  further: readonly FurtherSource[] = [],
  options: ReadingOptions = {},
): Promise<TrainingDocuments> {
  const readFirst = await sourceDocuments(first, options);
  if (further.length === 0) return { documents: readFirst };
  const others = await Promise.all(
    further.map(async (own) => ({
      prefix: `${nameOf(own.source)}/`,
      weight: own.weight,
      read: await sourceDocuments(own, options),
    })),
  );
  others.forEach(({ prefix }, index) => {
    if (others.findIndex((other) => other.prefix === prefix) === index) return;
    throw twice(prefix, `data.further names two sources ${prefix.slice(0, -1)}`);
  });
  const largest = Math.max(1, ...others.map((other) => other.weight));
  const shareOf = (id: string) => (others.find(({ prefix }) => id.startsWith(prefix))?.weight ?? 1) / largest;
  return {
    documents: async function* () {
      for await (const document of readFirst()) {
        const taken = others.find(({ prefix }) => document.id.startsWith(prefix));
        if (taken === undefined) yield document;
        else
          throw twice(
            taken.prefix,
            `the id ${JSON.stringify(document.id)} of ${first.source} begins with the name of a source in data.further`,
          );
      }
      for (const { prefix, read } of others) for await (const document of read()) yield { ...document, id: prefix + document.id };
    },
    ...(others.some(({ weight }) => weight !== 1) && { shareOf }),
  };
}

function twice(prefix: string, what: string): CemError {
  const name = prefix.slice(0, -1);
  return new CemError('DATA_TWICE', `${what}: ids of its documents begin with ${prefix}, so give its folder another name`, {
    details: { name },
  });
}

/** What the ids of a further source begin with: its folder's or file's name without ending. */
function nameOf(source: string): string {
  return basename(resolve(source)).replace(/\.[^.]+$/, '');
}

async function sourceDocuments(
  { source, split, except }: TrainingSource,
  options: ReadingOptions,
): Promise<() => AsyncIterable<Document>> {
  try {
    await stat(source);
  } catch (cause) {
    throw new CemError(
      'DATA_MISSING',
      `there is no ${source} to train on: name a folder of texts, a JSONL file or a BEIR folder as data.source`,
      { details: { source }, cause },
    );
  }
  if (split === undefined && except === undefined) return () => readCorpus(source, options);
  const wanted = split === undefined ? undefined : judgedBy((await readBeir(source, split)).qrels);
  const unwanted = except === undefined ? undefined : judgedBy((await readBeir(source, except)).qrels);
  return async function* () {
    for await (const document of readCorpus(source, options)) {
      if (wanted?.has(document.id) !== false && !unwanted?.has(document.id)) yield document;
    }
  };
}

function judgedBy(qrels: BeirData['qrels']): Set<string> {
  const judged = new Set<string>();
  for (const grades of qrels.values()) for (const id of grades.keys()) judged.add(id);
  return judged;
}
