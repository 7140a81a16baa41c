import type { PresetName, ResolvedSettings } from './project-settings.ts';

/** A preset, and what it is for. */
interface Preset extends Pick<ResolvedSettings, 'ingest' | 'answer'> {
  readonly purpose: string;
}

/** Whole configurations for kinds of projects. What a machine may lack (a chat model, a reranker) is in none of them: it is named beside the preset. */
export const PRESET_SETTINGS: Readonly<Record<PresetName, Preset>> = {
  startup: {
    purpose: 'below 10,000 documents: units of 2,000 tokens, all vectors compared, answers in the documents’ own sentences',
    ingest: { units: 'headings', unitMinimum: 700, unitMaximum: 2000, precision: 'single' },
    answer: { retrievers: 'hybrid', k: 8 },
  },
  finance: {
    purpose:
      'reports, 10,000 to 100,000 documents: a chapter is a unit and has its year and quarter, numbers come from tables with their cell; six units are read of the 32 that a reranker is shown',
    ingest: { units: 'headings', unitMinimum: 0, unitMaximum: 1500, periods: true, precision: 'int8' },
    answer: { retrievers: 'hybrid', k: 6, rerankDepth: 32 },
  },
  medical: {
    purpose:
      'more than 100,000 documents with pictures: codes in memory, editions by their year, and rather no answer than a doubtful one; a chat model leaves out what does not help',
    ingest: { units: 'headings', periods: true, figures: 'store', precision: 'binary' },
    answer: { retrievers: 'hybrid', k: 8, minimum: 0.5, chat: { noiseFilter: true } },
  },
  realtime: {
    purpose:
      'below 5,000 documents that change all the time: small units, no pictures, short answers; a chat model searches again for what is missing',
    ingest: { units: 'headings', unitMinimum: 300, unitMaximum: 1000, figures: 'none', precision: 'single' },
    answer: { retrievers: 'hybrid', k: 4, sentences: 2, chat: { agent: true } },
  },
};
