import type { Listener } from '../../base/index.ts';
import { type Document, languageOfTexts } from '../../data/index.ts';
import { type DocumentSource, documentsOf } from '../shared/document-source.ts';
import { type DrawnDocuments, drawDocuments } from '../shared/draw-documents.ts';
import { installedPackages, readMarkdownFiles } from '../shared/installed-markdown.ts';
import { markdownDocuments } from '../shared/markdown-documents.ts';

/** Documents and bytes of text that are held in memory: more than minutes of training can use. */
const BOUNDS = { most: 20_000, characters: 64e6 };

/** What ids of replayed documents begin with. */
export const REPLAY_PREFIX = 'broad/';

/** Where the text comes from that keeps the checkpoint from forgetting. */
type ReplayOrigin = 'broad' | 'installed packages' | 'none';

/** The documents that a checkpoint is to be adapted to. Throws as `drawDocuments` and reading do. */
export function corpusSample(
  source: DocumentSource,
  seed: number,
  listener: Listener,
  signal: AbortSignal | undefined,
): Promise<DrawnDocuments> {
  return drawDocuments(documentsOf(source, listener, signal)(), { seed, ...BOUNDS });
}

/** Text that is trained beside the corpus; its ids begin with `broad/`. */
export interface Replay {
  readonly origin: ReplayOrigin;
  readonly documents: readonly Document[];
}

/**
 * The broad text that is named; else the Markdown of the installed packages, English technical prose that every installation has, where the checkpoint knows English; else none. Says which.
 *
 * @param languages of the checkpoint, where it records them
 */
export async function replayDocuments(
  broad: DocumentSource | undefined,
  languages: readonly string[] | undefined,
  seed: number,
  listener: Listener,
  signal: AbortSignal | undefined,
): Promise<Replay> {
  const named = (documents: readonly Document[]) =>
    documents.map((document) => ({ ...document, id: REPLAY_PREFIX + document.id }));
  if (broad !== undefined) {
    const { documents } = await drawDocuments(documentsOf(broad, listener, signal)(), { seed, ...BOUNDS });
    return { origin: 'broad', documents: named(documents) };
  }
  if (languages !== undefined && !languages.includes('en')) {
    listener.note(
      `replay: none, since the installed packages have no text in ${languages.join(', ')}; name some by --broad, or what the checkpoint knew may fade`,
    );
    return { origin: 'none', documents: [] };
  }
  const files = await readMarkdownFiles(installedPackages()).catch(() => []);
  const seen = new Set<string>();
  const all = files.flatMap((file) => markdownDocuments(file, seen));
  const english = all.filter(({ text }) => languageOfTexts([text]).language === 'en');
  if (english.length === 0) {
    listener.note(
      'replay: none, since the installed packages hold no Markdown; name broad text by --broad, or what the checkpoint knew may fade',
    );
    return { origin: 'none', documents: [] };
  }
  listener.note(`replay: ${english.length} passages of the Markdown of the installed packages, since no --broad is named`);
  return { origin: 'installed packages', documents: named(english) };
}
