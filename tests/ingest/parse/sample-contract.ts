import { PARSERS } from '../../../ingest/index.ts';
import { PARSE_SAMPLES } from '../../../scripts/fuzz/parse-samples.ts';
import { type ParserSource, parserContract } from '../../contracts/parser.ts';

/** The contract on the samples that are fuzzed. */
export function sampleContract(format: string, source?: ParserSource): void {
  const parser = PARSERS.find((candidate) => candidate.format === format)!;
  const files = PARSE_SAMPLES[format]!.map(({ file }) => file);
  parserContract(format, { parser, files, ...(source !== undefined && { source }) });
}

/** The one document that a parser makes of a text. */
export async function parsed(path: string, content: string | Uint8Array) {
  const parser = PARSERS.find(({ extensions }) => extensions.includes(path.slice(path.lastIndexOf('.'))))!;
  const documents = await parser.parse({ path, bytes: typeof content === 'string' ? Buffer.from(content) : content });
  return documents[0]!;
}

/** Blocks in short: kind with level, and text. */
export async function blocksOf(path: string, content: string | Uint8Array): Promise<string[]> {
  const { blocks } = await parsed(path, content);
  return blocks.map(({ kind, level, text }) => `${kind}${level ?? ''} ${text}`.trim());
}
