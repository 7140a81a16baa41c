import { join } from 'node:path';
import { documentText, trainingDocuments } from '../../../data/index.ts';
import type { SourceText } from './source-text.ts';

/** Documents of a BEIR folder as they stand: of a split those that it judges. */
export async function* readBeirDocuments(folder: string, split?: string): AsyncGenerator<SourceText> {
  const { documents } = await trainingDocuments({ source: join(folder), split });
  for await (const document of documents()) {
    const text = documentText(document);
    if (text.trim() !== '') yield { kind: 'passage', text };
  }
}
