import { formatBytes, formatShare } from '../../base/index.ts';
import type { PresetName } from '../presets/index.ts';
import { MEASURED, type MeasuredFigure } from './measured-figures.ts';

/** What a project is like. */
export interface ProjectFigures {
  readonly documents: number;
  /** Of a document, in the mean. */
  readonly tokens: number;
  readonly bytes: number;
  /** ISO 639-1; `und` where it is not known. */
  readonly language: string;
  readonly pictures: boolean;
  /** Whether many headings and titles name years or quarters. */
  readonly dated: boolean;
  /** Whether answers need several documents together. */
  readonly crossDocument: boolean;
  /** Whether documents come and go all the time. */
  readonly changing: boolean;
  /** Milliseconds that a search may take. */
  readonly latency: number;
  /** Bytes of memory that codes may take. */
  readonly memory: number;
  /** What may be spent on answers: nothing, a model on this machine, or an endpoint. */
  readonly budget: 'none' | 'local' | 'endpoint';
}

export interface Decision {
  /** What is decided. */
  readonly name: 'fit' | 'units' | 'encoder' | 'retrievers' | 'vectors' | 'database' | 'reader' | 'defence' | 'preset';
  readonly choice: string;
  readonly because: string;
  /** Where the figures of the reason were measured. */
  readonly sources: readonly string[];
}

export interface Advice {
  readonly passages: number;
  readonly decisions: readonly Decision[];
  readonly preset: PresetName;
  /** Options beside the preset, of `cem ingest` and of `cem ask`. */
  readonly options: { readonly ingest: readonly string[]; readonly answer: readonly string[] };
}

/** Tokens of a document from which parts of it lose what stands around them (LongRAG's fit check). */
const LONG = 2000;
/** Bounds of a unit of a document whose parts have times of their own. */
const LEAST_DATED = 256;
const MOST_DATED = 1500;
const PASSAGE_BYTES = 1024;
/** Passages up to which the embedded database was measured. */
const EMBEDDED = 1_000_000;
const MANY = 100_000;
const FEW = 10_000;
/** Documents that change all the time are few enough to be encoded again. */
const FEWEST = 5000;

/** Which configuration follows from what a project is like, decision by decision, each with its reason in figures. */
export function advice(project: ProjectFigures): Advice {
  const passages = Math.max(1, Math.round(project.documents * Math.max(1, project.bytes / PASSAGE_BYTES)));
  const isLong = project.tokens > LONG || project.crossDocument;
  const preset = presetFor(project);
  const units = unitsDecision(project, isLong);
  const vectors = vectorsDecision(project, passages);
  const [reader, defence] = [readerDecision(project), defenceDecision(project, isLong)];
  const decisions = [
    fitDecision(project, isLong),
    units,
    encoderDecision(project),
    retrieversDecision(project),
    vectors,
    databaseDecision(passages),
    reader,
    defence,
    presetDecision(project, preset),
  ];
  const options = {
    ingest: [
      ...[units.choice, vectors.choice],
      ...(project.dated ? ['--periods'] : []),
      ...(passages > EMBEDDED ? ['--database postgres://…'] : []),
    ],
    answer: [
      ...(['en', 'zh'].includes(project.language) ? [] : ['--retrievers bm25']),
      reader.choice,
      ...(defence.choice === 'none' ? [] : [defence.choice]),
    ],
  };
  return { passages, decisions, preset, options };
}

function decide(name: Decision['name'], choice: string, because: string, ...figures: readonly MeasuredFigure[]): Decision {
  return { name, choice, because, sources: [...new Set(figures.map(({ source }) => source))] };
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : whole(value)} ms`;

function fitDecision({ tokens, crossDocument, dated }: ProjectFigures, isLong: boolean): Decision {
  const length = `${whole(tokens)} tokens a document`;
  if (!isLong && dated) return decide('fit', 'long units', 'chapters have times of their own, by which they are filtered');
  if (!isLong)
    return decide(
      'fit',
      'whole documents',
      `${length}, not more than ${whole(LONG)}: nothing is torn apart that belongs together`,
    );
  const why = tokens > LONG ? `${length}, more than ${whole(LONG)}` : 'answers need several documents together';
  return decide(
    'fit',
    'long units',
    `${why}: a passage is found, and the unit around it is read${crossDocument ? '; several units are read together' : ''}`,
  );
}

function unitsDecision({ tokens, dated }: ProjectFigures, isLong: boolean): Decision {
  if (dated) {
    const most = Math.min(MOST_DATED, Math.max(LEAST_DATED, Math.round(tokens / 2)));
    return decide(
      'units',
      `--units headings --unit-minimum 0 --unit-maximum ${most}`,
      'less than a document, so that chapters stay apart: joined ones would not have a time of their own',
    );
  }
  if (!isLong) return decide('units', '--units document', 'a document is a unit');
  const most = tokens > 3 * LONG ? 6000 : LONG;
  return decide('units', `--units headings --unit-maximum ${most}`, 'headings say where one matter ends');
}

function encoderDecision({ language }: ProjectFigures): Decision {
  if (language === 'en')
    return decide(
      'encoder',
      'the checkpoint of the package; cem adapt where cem check-corpus says so',
      `it keeps ${formatShare(MEASURED.retention.value)} of its teacher's ranking on documentation like what it was trained on, ${formatShare(MEASURED.retentionUnseen.value)} elsewhere; adapting it in minutes brought ${MEASURED.adaptedGain.value.toFixed(3)} nDCG@10 there`,
      MEASURED.retention,
      MEASURED.retentionUnseen,
      MEASURED.adaptedGain,
    );
  if (language === 'zh')
    return decide(
      'encoder',
      'checkpoints/cem-small-zh of the repository; cem adapt where cem check-corpus says so',
      `it keeps ${formatShare(MEASURED.chineseRetention.value)} of its teacher's ranking on laws like those it was trained on, ${formatShare(MEASURED.chineseRetentionUnseen.value)} on paragraphs that it has not seen`,
      MEASURED.chineseRetention,
      MEASURED.chineseRetentionUnseen,
    );
  return decide(
    'encoder',
    'one trained for the language (cem train, docs/training.md); until then words rank',
    `there are checkpoints for English and Chinese, these texts are in ${language}`,
  );
}

function retrieversDecision({ language }: ProjectFigures): Decision {
  if (language === 'en')
    return decide(
      'retrievers',
      'hybrid',
      `vectors add ${MEASURED.hybridGain.value} nDCG@10 to words on known kinds of text, ${MEASURED.hybridGainUnseen.value} on others; cem tune-fusion chooses the weights`,
      MEASURED.hybridGain,
      MEASURED.hybridGainUnseen,
    );
  if (language === 'zh')
    return decide(
      'retrievers',
      'hybrid',
      `words alone reach ${MEASURED.chineseWords.value} nDCG@10 on Chinese statutes; vectors add ${MEASURED.chineseGainPrecise.value} there, ${MEASURED.chineseGain.value} for questions in everyday words`,
      MEASURED.chineseWords,
      MEASURED.chineseGain,
      MEASURED.chineseGainPrecise,
    );
  return decide(
    'retrievers',
    'bm25, hybrid once there is an encoder of the language',
    'nothing was measured in this language but words need no training',
  );
}

function vectorsDecision({ latency, memory }: ProjectFigures, passages: number): Decision {
  const { exactMs, codesMs, graphMs, codeBytes, codesRecall, graphRecall } = MEASURED;
  const [exact, codes, bytes] = [passages * exactMs.value, passages * codesMs.value, passages * codeBytes.value];
  const asked = `${whole(passages)} passages, ${milliseconds(latency)}`;
  if (exact <= latency) {
    const because = `${asked}: all vectors are compared within ${milliseconds(exact)}, and nothing is missed`;
    return decide('vectors', '--precision single', because, exactMs);
  }
  if (codes <= latency && bytes <= memory) {
    const because = `${asked}: comparing all takes ${milliseconds(exact)}, codes in memory ${milliseconds(codes)} and ${formatBytes(bytes)}, with ${codesRecall.value} of the best ten`;
    return decide('vectors', '--precision binary', because, exactMs, codesMs, codeBytes, codesRecall);
  }
  const reason = bytes > memory ? `codes take ${formatBytes(bytes)} of memory` : `codes take ${milliseconds(codes)}`;
  const because = `${asked}: ${reason}, more than there is; a graph answers within some ${milliseconds(graphMs.value)} at a million rows, with ${graphRecall.value} of the best ten`;
  return decide('vectors', '--precision half --vector-index hnsw', because, codesMs, codeBytes, graphMs, graphRecall);
}

function databaseDecision(passages: number): Decision {
  return passages <= EMBEDDED
    ? decide(
        'database',
        'embedded',
        `${whole(passages)} passages: up to ${whole(EMBEDDED)} were measured in it`,
        MEASURED.codesMs,
      )
    : decide(
        'database',
        '--database postgres://…',
        `${whole(passages)} passages, more than the ${whole(EMBEDDED)} that were measured in the embedded one; cem plan says what the server needs`,
        MEASURED.codesMs,
      );
}

function readerDecision({ budget, language }: ProjectFigures): Decision {
  const { answered, answeredChinese, refused } = MEASURED;
  const share = language === 'zh' ? answeredChinese : answered;
  const own = `the documents' own sentences answer ${formatShare(share.value)} of what is answerable, and ${formatShare(refused.value)} of other questions are refused`;
  if (budget === 'none') return decide('reader', '--reader extractive', `nothing is spent: ${own}`, share, refused);
  if (budget === 'local')
    return decide('reader', '--local-model FILE.gguf --form text', 'a model on this machine; cem plan-llm says what it takes');
  return decide('reader', '--llm URL --llm-model NAME', 'an endpoint; cem plan-llm says what a query costs');
}

/** Against what stands in the middle of a long prompt and is passed over. */
function defenceDecision({ budget, crossDocument }: ProjectFigures, isLong: boolean): Decision {
  if (budget === 'none') return decide('defence', 'none', 'sentences are scored one by one, wherever they stand');
  if (!isLong) return decide('defence', 'none', 'prompts are short');
  const others = crossDocument ? ' --agent' : '';
  const why = crossDocument ? 'units are long and answers lie in several' : 'units are long';
  return budget === 'local'
    ? decide(
        'defence',
        `--reorder --topic-filter${others}`,
        `${why}; a small model loses what stands in the middle, and less of it is read`,
      )
    : decide('defence', `--reorder --noise-filter${others}`, `${why}; the model leaves out what does not help`);
}

function presetFor({ changing, documents, dated, pictures }: ProjectFigures): PresetName {
  if (changing && documents < FEWEST) return 'realtime';
  if (documents > MANY || (pictures && documents >= FEW)) return 'medical';
  return dated || documents >= FEW ? 'finance' : 'startup';
}

function presetDecision({ documents, changing, dated, pictures }: ProjectFigures, preset: PresetName): Decision {
  const traits = [
    `${whole(documents)} documents`,
    ...(changing ? ['that change all the time'] : []),
    ...(dated ? ['with dates'] : []),
    ...(pictures ? ['with pictures'] : []),
  ];
  return decide('preset', `--preset ${preset}`, traits.join(', '));
}
