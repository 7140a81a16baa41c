import { formatDuration, formatShare } from '../../base/index.ts';
import { type CorpusCheck, checkCorpus } from '../../recipes/check-corpus/index.ts';
import { defineCommand } from '../command.ts';
import { checkpointOption } from '../options/checkpoint-option.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface CheckCorpusCommandOptions {
  readonly corpus: string;
  readonly checkpoint: string | undefined;
  readonly sample: number;
  readonly compared: number;
  readonly models: string | undefined;
  readonly seed: number;
}

const ADVICE = {
  use: 'use the checkpoint as it is: cem index, cem ingest',
  adapt: 'adapt it before indexing, which takes minutes: cem adapt CORPUS --into D',
  train: 'train another checkpoint, or search by words: this one does not read these texts',
} as const;

export const checkCorpusCommand = defineCommand<CheckCorpusCommandOptions, CorpusCheck>({
  command: 'check-corpus <corpus>',
  describe: 'Say, before indexing, how far a checkpoint knows a corpus: use it as it is, adapt it, or train another',
  examples: [
    ['check-corpus docs/ --models ../models', 'with the checkpoint that comes with the package, held against its teacher'],
    ['check-corpus corpus.jsonl --checkpoint C --compared 0 --json', 'by words and n-grams alone, for programs'],
  ],
  options: (parser) =>
    parser
      .positional('corpus', { type: 'string', demandOption: true, describe: INPUT_DESCRIPTION })
      .nargs('corpus', 1)
      .option('checkpoint', checkpointOption)
      .option('sample', { type: 'number', default: 1000, describe: 'documents that are looked at, at most' })
      .option('compared', {
        type: 'number',
        default: 100,
        describe: "of these, documents whose vectors are held against the teacher's, where it is on this machine; 0 for none",
      })
      .option('seed', { type: 'number', default: 1, describe: 'of the sample' })
      .option('models', modelsOption),
  run: ({ corpus, ...options }, listener) =>
    withStopSignal((signal) =>
      withCorpusInput(corpus, listener, (documents) => checkCorpus({ ...options, corpus: documents, listener, signal })),
    ),
  text: (check) =>
    [
      `${check.documents.sampled} of ${check.documents.corpus} documents, ${formatDuration(check.seconds)}`,
      `language: ${check.language.language} (${formatShare(check.language.share)} of the letters); the checkpoint's: ${languagesText(check.checkpointLanguages)}`,
      ...knownText(check.known),
      ...agreementText(check.agreement),
      `saving with a dictionary of its own: ${formatShare(check.saving)}`,
      `advice: ${ADVICE[check.advice.verdict]}`,
      ...check.advice.reasons.map((reason) => `  ${reason}`),
    ].join('\n'),
});

function languagesText(languages: CorpusCheck['checkpointLanguages']): string {
  if (languages === null) return 'not recorded';
  return languages.map(({ language, share }) => `${language} (${formatShare(share)} of its texts)`).join(', ');
}

function knownText(known: CorpusCheck['known']): string[] {
  if (known === null) return ['words and n-grams: the checkpoint does not record which it was trained on'];
  const shares = ({ byOccurrence, byType }: typeof known.words) =>
    `${formatShare(1 - byOccurrence)} of occurrences, ${formatShare(1 - byType)} of types`;
  return [
    `never trained: words ${shares(known.words)}; n-grams ${shares(known.grams)}`,
    ...(known.unknown.length > 0 ? [`  such as ${known.unknown.join(', ')}`] : []),
  ];
}

function agreementText(agreement: CorpusCheck['agreement']): string[] {
  if (agreement === null) return ['student and teacher: not compared'];
  const { passages, cosine, chance, nearest } = agreement;
  return [
    `student and teacher on ${passages} passages: mean cosine ${cosine.toFixed(3)} (other passages ${chance.toFixed(3)}); ${formatShare(nearest)} are nearest to their own`,
  ];
}
