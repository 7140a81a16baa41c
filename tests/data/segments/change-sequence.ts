// An endless sequence of changes to one corpus folder and one container, and what they hold after each: shared by the process that makes them and the test
// that kills it.
import { join } from 'node:path';
import { addToCorpus, compactCorpus, type Document, type Metadata, packCorpus, removeFromCorpus } from '../../../data/index.ts';

const KINDS = ['add', 'pack', 'replace', 'remove', 'compact', 'pack', 'add', 'recompress'] as const;
/** How chunks are cut into passages, always in the corpus and now and then in the container. */
export const PASSAGES = { size: 64, overlap: 8 };
const SETTINGS = {
  level: 1,
  targetChunkSize: 100,
  dictionarySize: 0,
  workers: 1,
  passageSize: PASSAGES.size,
  passageOverlap: PASSAGES.overlap,
};
const UNCUT = { passageSize: 0, passageOverlap: 0 };
const IDS = 30;

export const corpusPath = (folder: string): string => join(folder, 'corpus');
export const containerPath = (folder: string): string => join(folder, 'packed.zpkg');

function textOf(step: number, id: string): string {
  return `step ${step} wrote ${id}: ${Array.from({ length: (step * 7) % 60 }, (_, word) => `word${(word * step) % 97}`).join(' ')}`.trim();
}

/** Documents that a step writes. */
function written(step: number): Document[] {
  return Array.from({ length: 1 + (step % 11) }, (_, number) => {
    const id = `d${(step * 5 + number) % IDS}`;
    const document = { id, title: '', text: textOf(step, id) };
    // Some steps know nothing of their documents, so that a container with metadata is replaced by one without, and the reverse.
    return step % 3 === 0 ? document : { ...document, metadata: { labels: [`step ${step}`], fields: { number } } };
  });
}

/** Ids that a step removes, if they are there. */
function removed(step: number): string[] {
  return Array.from({ length: 4 }, (_, number) => `d${(step * 3 + number * 7) % IDS}`);
}

function kindOf(step: number): (typeof KINDS)[number] {
  return KINDS[step % KINDS.length]!;
}

export async function makeChange(folder: string, step: number): Promise<void> {
  const kind = kindOf(step);
  const documents = async function* () {
    yield* written(step);
  };
  if (kind === 'pack')
    await packCorpus(documents, containerPath(folder), { ...SETTINGS, ...(step % 8 === 1 ? UNCUT : {}), force: true });
  else if (kind === 'remove') await removeFromCorpus(corpusPath(folder), removed(step), { ignoreMissing: true });
  else if (kind === 'compact' || kind === 'recompress')
    await compactCorpus(corpusPath(folder), { recompress: kind === 'recompress' });
  else await addToCorpus(corpusPath(folder), documents, SETTINGS);
}

/** A document as a state has it. */
export function shown(text: string, metadata: Metadata | undefined): string {
  return `${text} ${JSON.stringify(metadata?.labels)} ${JSON.stringify(metadata?.fields)}`;
}

/** What folder and container hold after this step and all before it; nothing where nothing was made yet. */
export function stateAfter(step: number): { corpus: Map<string, string>; container: Map<string, string> } {
  const corpus = new Map<string, string>();
  let container = new Map<string, string>();
  for (let past = 0; past <= step; past++) {
    const kind = kindOf(past);
    if (kind === 'pack') container = new Map(written(past).map(({ id, text, metadata }) => [id, shown(text, metadata)]));
    if (kind === 'add' || kind === 'replace')
      for (const { id, text, metadata } of written(past)) corpus.set(id, shown(text, metadata));
    if (kind === 'remove') for (const id of removed(past)) corpus.delete(id);
  }
  return { corpus, container };
}
