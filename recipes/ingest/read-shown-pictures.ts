import { isCemError } from '../../base/index.ts';
import type { Block, BlockFigure, ParsedDocument, ParseWorkers } from '../../ingest/index.ts';
import { type ShownFiles, shownHash } from './shown-files.ts';

/** Documents with the pictures of files beside them, which processes decode as they parse everything else. */
export async function readShownPictures(
  documents: readonly ParsedDocument[],
  files: ShownFiles | undefined,
  { threads, signal }: { readonly threads: ParseWorkers; readonly signal: AbortSignal | undefined },
): Promise<{ readonly documents: readonly ParsedDocument[]; readonly shows: readonly (readonly [string, string])[] }> {
  const known = new Map<string, BlockFigure>();
  const shows = new Map<string, string>();
  const read = async (reference: string): Promise<BlockFigure> => {
    const path = files?.pathOf(reference);
    if (path === undefined || files === undefined) return {};
    const before = known.get(path);
    if (before !== undefined) return before;
    const file = await files.read(path);
    shows.set(path, shownHash(file));
    const figure = file === undefined ? {} : await pictureOf(path, file.bytes);
    known.set(path, figure);
    return figure;
  };
  const pictureOf = async (path: string, bytes: Uint8Array): Promise<BlockFigure> => {
    try {
      const parsed = await threads.parseFile({ path, bytes }, { format: 'image', signal });
      const figure = parsed.documents[0]?.blocks[0]?.figure ?? {};
      return figure.picture === undefined ? figure : { ...figure, reference: path };
    } catch (error) {
      signal?.throwIfAborted();
      if (!isCemError(error)) throw error;
      return { leftOut: error.code === 'PARSE_LIMIT' ? 'large' : 'unreadable' };
    }
  };
  const made: ParsedDocument[] = [];
  for (const document of documents) {
    const blocks: Block[] = [];
    for (const block of document.blocks) {
      const { figure, ...others } = block;
      if (figure?.reference === undefined) blocks.push(block);
      else {
        const { reference, ...rest } = figure;
        const found = await read(reference);
        // What the document says of it goes before what the picture says of itself.
        if (Object.keys(found).length > 0) blocks.push({ ...others, figure: { ...found, ...rest } });
        else if (rest.inline !== true) blocks.push(others);
      }
    }
    made.push({ ...document, blocks });
  }
  return { documents: made, shows: [...shows] };
}
