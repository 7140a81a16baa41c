import type { AdviseResult } from '../../recipes/advise/index.ts';

/** Advice as people read it: decision by decision, why, and where the figures are from; last the commands that follow. */
export function formatAdvice({ project, measured, passages, decisions, preset, options }: AdviseResult): string {
  const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
  const seen = measured === null ? 'as given' : `measured on ${measured.sampled} of ${whole(measured.files)} files`;
  const { documents, tokens, language } = project;
  const wide = Math.max(...decisions.map(({ name }) => name.length)) + 2;
  const lines = decisions.flatMap(({ name, choice, because, sources }) => [
    `${name.padEnd(wide)}${choice}`,
    `${' '.repeat(wide)}${because}`,
    ...sources.map((source) => `${' '.repeat(wide)}(${source})`),
  ]);
  return [
    `${whole(documents)} documents of ${whole(tokens)} tokens, language ${language}, about ${whole(passages)} passages: ${seen}`,
    '',
    ...lines,
    '',
    ['cem ingest FOLDER --into NAME.collection --preset', preset, ...options.ingest].join(' '),
    ['cem ask --collection NAME.collection --preset', preset, ...options.answer, '"…"'].join(' '),
  ].join('\n');
}
