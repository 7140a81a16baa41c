import { CemError, RandomNumbers } from '../../base/index.ts';
import { type Document, isEmptyDocument } from '../../data/index.ts';

/** A drawn sample, in the order of the corpus. */
export interface DrawnDocuments {
  readonly documents: readonly Document[];
  /** Documents of the whole corpus that have a text. */
  readonly of: number;
}

/** What bounds a sample. */
interface DrawOptions {
  readonly seed: number;
  /** Documents. */
  readonly most: number;
  /** Characters of text: beyond them documents are left out, evenly; all fit unless given. */
  readonly characters?: number;
}

/**
 * Draws documents with a text, each as likely as any other; the same ones for the same seed and corpus.
 *
 * @throws CemError `CORPUS_NO_TEXT` where none has a text
 */
export async function drawDocuments(
  documents: AsyncIterable<Document>,
  { seed, most, characters = Number.POSITIVE_INFINITY }: DrawOptions,
): Promise<DrawnDocuments> {
  const random = new RandomNumbers(seed, 'sample of documents');
  const kept: { readonly document: Document; readonly place: number }[] = [];
  let of = 0;
  // Algorithm R (Vitter 1985): the n-th document replaces a kept one with probability most / n.
  for await (const document of documents) {
    if (isEmptyDocument(document)) continue;
    const place = of++;
    if (kept.length < most) {
      kept.push({ document, place });
      continue;
    }
    const slot = random.integer(of);
    if (slot < most) kept[slot] = { document, place };
  }
  if (of === 0) {
    throw new CemError(
      'CORPUS_NO_TEXT',
      'no document of the corpus has a text: name a folder of texts, a JSONL file or a BEIR folder',
    );
  }
  // What goes beyond the memory is left out evenly, not from the end.
  const order = Int32Array.from(kept, (_, index) => index);
  random.shuffle(order);
  let taken = 0;
  const fitting = [...order].flatMap((index) => {
    taken += kept[index]!.document.text.length;
    return taken <= characters || taken === kept[index]!.document.text.length ? [kept[index]!] : [];
  });
  return { documents: fitting.sort((a, b) => a.place - b.place).map(({ document }) => document), of };
}
