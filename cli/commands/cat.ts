import { UsageError } from '../../base/index.ts';
import { isCorpusFolder, type Metadata, openCorpus } from '../../data/index.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { defineCommand } from '../command.ts';

interface CatOptions {
  readonly zpkg: string;
  readonly id: string | undefined;
  readonly chunk: number | undefined;
}

interface CatResult {
  /** Null when a chunk was asked for: no mapping is read then. */
  readonly id: string | null;
  readonly chunks: readonly number[];
  readonly text: string;
  /** Metadata of the document; null when nothing is known, and when a chunk was asked for. */
  readonly metadata: Metadata | null;
}

export const catCommand = defineCommand<CatOptions, CatResult>({
  command: 'cat <zpkg>',
  describe: 'print the text of one document or one chunk',
  examples: [
    ['cat corpus.zpkg --id guide/install.md', 'a whole document; with --json its metadata, too'],
    ['cat corpus.zpkg --chunk 17', 'one chunk; needs no mapping'],
  ],
  options: (parser) =>
    parser
      .positional('zpkg', { type: 'string', demandOption: true, describe: 'the container, or a corpus folder' })
      .option('id', { type: 'string', describe: 'id of a document; --id=-ID where it begins with a dash' })
      .option('chunk', { type: 'number', describe: 'number of a chunk, from 0' }),
  run: async ({ zpkg, id, chunk }) => {
    if (id !== undefined && chunk === undefined) {
      const reader = await openCorpus(zpkg);
      try {
        const metadata = (await reader.documentMetadata(id)) ?? null;
        return { id, chunks: reader.chunksOf(id), text: await reader.documentById(id), metadata };
      } finally {
        await reader.close();
      }
    }
    if (chunk !== undefined && id === undefined) {
      const text = (await isCorpusFolder(zpkg)) ? await textInCorpus(zpkg, chunk) : await textInContainer(zpkg, chunk);
      return { id: null, chunks: [chunk], text, metadata: null };
    }
    throw new UsageError('USAGE', 'say either --id ID or --chunk NUMBER');
  },
  text: (result) => result.text,
  texts: ['text'],
  dataKeys: ['metadata'],
});

async function textInCorpus(folder: string, chunk: number): Promise<string> {
  const corpus = await openCorpus(folder);
  try {
    return await corpus.chunkText(chunk);
  } finally {
    await corpus.close();
  }
}

/** Without the mapping, which need not be there. */
async function textInContainer(path: string, chunk: number): Promise<string> {
  const container = await ZpkgReader.open(path);
  try {
    return Buffer.from(await container.chunk(chunk)).toString('utf8');
  } finally {
    await container.close();
  }
}
