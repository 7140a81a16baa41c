import { type Document, type Figure, type FigurePicture, figureFields, figureId, type Metadata } from '../../data/index.ts';
import type { DescribedFigure } from '../../ingest/index.ts';
import { given } from '../shared/given.ts';

export interface FigureDocumentsOptions {
  /** Document that they are of, and the number of its first figure among its units. */
  readonly id: string;
  readonly first: number;
  /** What is found before a unit's own text, by the headings above it. */
  readonly prefixOf: (headings: readonly string[]) => string;
  /** What all of its units have. */
  readonly metadata: Metadata;
  readonly origin: string;
  /** Whether pictures are kept. */
  readonly store: boolean;
  /** What a figure is found by of which nothing is said: its file's name in words. */
  readonly name: string;
}

/** Figures as documents of a corpus, numbered behind the units of the document that they are of, and the pictures that are to be stored. */
export function figureDocuments(
  figures: readonly DescribedFigure[],
  { id, first, prefixOf, metadata, origin, store, name }: FigureDocumentsOptions,
): { readonly documents: readonly Document[]; readonly pictures: readonly FigurePicture[] } {
  const pictures = new Map<string, FigurePicture>();
  const documents = figures.map((described, index): Document => {
    const { picture, reference, caption, number, alt, place, headings, pages } = described;
    const unit = `${id}-${first + index}`;
    const known: Figure = {
      id: picture === undefined ? figureId(Buffer.from(unit)) : figureId(picture.bytes),
      stored: store && picture !== undefined,
      ...(picture && { mediaType: picture.mediaType, width: picture.width, height: picture.height }),
      ...given({ file: reference, caption, number, alt, place }),
    };
    if (known.stored) pictures.set(known.id, picture!);
    return {
      id: unit,
      title: prefixOf(headings),
      text: textOf(described, name),
      origin,
      metadata: {
        ...metadata,
        ...(pages && { pages }),
        ...(headings.length > 0 && { headings }),
        fields: { ...metadata.fields, ...figureFields(known) },
      },
    };
  });
  return { documents, pictures: [...pictures.values()] };
}

/** The description: its caption, what stands for it, the words in it, what the text says of it. */
function textOf({ caption, alt, words, nearby }: DescribedFigure, name: string): string {
  const parts = [caption, alt, words, nearby].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join('\n\n') : name;
}

/** A file's name in words: `docs/net-profit_2020.png` is `net profit 2020`. */
export function nameInWords(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]+$/, '');
  return (
    name
      .replace(/[_\-.\s]+/g, ' ')
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .trim() || name
  );
}
