import { z } from 'zod';

export const PRESETS = ['startup', 'finance', 'medical', 'realtime'] as const;
export type PresetName = (typeof PRESETS)[number];

const share = z.number().min(0).max(1);
const count = z.int().min(1);

/** How a new collection is made: what `cem ingest` takes. */
const ingestSettings = z.strictObject({
  units: z.enum(['headings', 'sliding', 'document', 'semantic']).optional().describe('where documents are cut into units'),
  unitMinimum: z.int().min(0).optional().describe('tokens below which neighbours are joined'),
  unitMaximum: count.optional().describe('most tokens of a unit'),
  passageSize: count.optional().describe('bytes of a passage'),
  passageOverlap: z.int().min(0).optional().describe('bytes that neighbouring passages share'),
  periods: z.boolean().optional().describe('units get the time that they are about as fields for filters'),
  prune: z.boolean().optional().describe('page numbers, copyright lines and links to move about are left out'),
  pruneNoise: z.boolean().optional().describe('advertisements, disclaimers and what stands beside a text are left out, too'),
  figures: z.enum(['store', 'reference', 'none']).optional().describe('what becomes of pictures'),
  precision: z.enum(['single', 'half', 'int8', 'binary']).optional().describe('how vectors are stored'),
  checkpoint: z.string().min(1).optional().describe('what encodes'),
  database: z.string().min(1).optional().describe('PostgreSQL by its URL; embedded without one'),
});

/** What is only done where a chat model is named. */
const chatSettings = z.strictObject({
  agent: z.boolean().optional().describe('it searches again for what an answer lacks'),
  noiseFilter: z.boolean().optional().describe('it leaves out units that do not help'),
  globalInfo: z.boolean().optional().describe('it describes whole documents'),
});

/** How questions are answered: what `cem ask`, `cem chat` and `cem serve --collections` take. */
const answerSettings = z.strictObject({
  k: count.max(100).optional().describe('units that are read (`ask`, `chat`)'),
  retrievers: z.enum(['vectors', 'bm25', 'hybrid']).optional().describe('what ranks (`ask`, `chat`)'),
  reranker: z.string().min(1).optional().describe('what orders the found units by reading them'),
  rerankDepth: count.max(100).optional().describe('results that it reads'),
  rerankShare: share.optional().describe('how much it counts'),
  minimum: share.optional().describe('evidence below which the documents do not say'),
  sentences: count.optional().describe('sentences of an answer'),
  threshold: z.number().optional().describe('score below which a unit is not read'),
  reorder: z.boolean().optional().describe('the best units stand at both ends of the prompt'),
  topicFilter: z.boolean().optional().describe('paragraphs with other topics are left out'),
  llm: z.string().min(1).optional().describe('endpoint of the chat model'),
  llmModel: z.string().min(1).optional().describe('what it calls its model'),
  localModel: z.string().min(1).optional().describe('a GGUF file, in place of an endpoint'),
  form: z.enum(['json', 'text']).optional().describe('how a model is asked to write'),
  contextTokens: count.optional().describe('tokens of prompt and answer together'),
  answerTokens: count.optional().describe('tokens of an answer, at most'),
  chat: chatSettings.optional(),
});

/** A project's settings, as `production.yaml` has them: a preset, and what differs from it. */
export const projectSettings = z.strictObject({
  preset: z.enum(PRESETS).optional(),
  ingest: ingestSettings.optional(),
  answer: answerSettings.optional(),
});

export type IngestPreset = Readonly<z.infer<typeof ingestSettings>>;
export type AnswerPreset = Readonly<z.infer<typeof answerSettings>>;

/** Settings with those of their preset below them. */
export interface ResolvedSettings {
  readonly preset: PresetName | null;
  readonly ingest: IngestPreset;
  readonly answer: AnswerPreset;
}
