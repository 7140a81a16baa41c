/** Prints documents a second from compressed chunks to vectors, one JSON line a precision: an encoder with random weights. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadConfig } from '../../configs/index.ts';
import { type Document, packCorpus } from '../../data/index.ts';
import { parseBackendRequest, selectBackend, setProductPrecision } from '../../model/backend/index.ts';
import { CemModel } from '../../model/embedder.ts';
import { readMarkdownFiles } from '../../recipes/shared/installed-markdown.ts';
import { markdownDocuments } from '../../recipes/shared/markdown-documents.ts';
import { ZpkgReader } from '../../zpkg/index.ts';
import { median } from '../measurement.ts';

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '2048' },
    /** A folder of Markdown. */
    source: { type: 'string', default: 'node_modules' },
    /** A configuration of configs/, whose shape the encoder has. */
    config: { type: 'string', default: 'small' },
    backend: { type: 'string', default: 'xla' },
    rounds: { type: 'string', default: '3' },
  },
});
const DIMENSION = 384;

const backend = await selectBackend(parseBackendRequest(values.backend));
const config = await loadConfig(fileURLToPath(new URL(`../../configs/${values.config}.yaml`, import.meta.url)));
const seen = new Set<string>();
const documents = (await readMarkdownFiles(values.source))
  .flatMap((file) => markdownDocuments(file, seen))
  .slice(0, Number(values.documents));

async function* corpus(): AsyncGenerator<Document> {
  yield* documents;
}

const folder = await mkdtemp(join(tmpdir(), 'cem-gpu-'));
try {
  const zpkg = join(folder, 'texts.zpkg');
  await packCorpus(corpus, zpkg, { level: config.pack.level });
  await using reader = await ZpkgReader.open(zpkg);
  const frames = await Promise.all(Array.from({ length: reader.chunkCount }, (_, chunk) => reader.compressedChunk(chunk)));
  const student = CemModel.create(config.model, DIMENSION, 1);
  for (const precision of backend.name === 'xla' ? (['bf16', 'float32'] as const) : (['float32'] as const)) {
    setProductPrecision(precision);
    // The first round compiles.
    const rates: number[] = [];
    for (let round = 0; round <= Number(values.rounds); round++) {
      const start = performance.now();
      await student.encodeChunks(frames, reader.dictionary);
      rates.push(frames.length / ((performance.now() - start) / 1000));
    }
    process.stdout.write(
      `${JSON.stringify({
        dtype: precision,
        config: values.config,
        documents: frames.length,
        bytes: Math.round(documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / documents.length),
        documentsPerSecond: median(rates.slice(1)),
        withCompilation: rates[0],
      })}\n`,
    );
  }
  student.dispose();
} finally {
  await rm(folder, { recursive: true });
}
