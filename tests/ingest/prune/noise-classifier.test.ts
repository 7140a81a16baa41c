import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, NoiseClassifier, noiseClassifier, type ParsedDocument, pruneByClassifier } from '../../../ingest/index.ts';
import { HELD_OUT_CONTENT, HELD_OUT_NOISE } from './noise-lines.ts';

const test = suite('noise told by a classifier');

const block = (kind: Block['kind'], text: string): Block => ({ kind, text, headings: [] });
const documentOf = (blocks: readonly Block[]): ParsedDocument => ({ blocks: [...blocks] });

test('lines that it was not trained on: most noise is told, in both languages, and content stays', () => {
  const classifier = noiseClassifier();
  let [named, dropped, all] = [0, 0, 0];
  for (const [kind, lines] of Object.entries(HELD_OUT_NOISE))
    for (const line of lines) {
      const { label, probability } = classifier.classify(line);
      all += 1;
      if (label === kind) named += 1;
      if (label !== 'content' && probability >= 0.7) dropped += 1;
    }
  // 33 and 23 of 40 when this was written.
  assert.ok(named >= 0.75 * all, `${named} of ${all} have their kind`);
  assert.ok(dropped >= 0.5 * all, `${dropped} of ${all} would be dropped`);
  const wrong = HELD_OUT_CONTENT.filter((line) => {
    const { label, probability } = classifier.classify(line);
    return label !== 'content' && probability >= 0.7;
  });
  assert.equal(wrong, []);
});

test('what the examples know nothing of is content, and so is what has no words', () => {
  const classifier = NoiseClassifier.train({
    content: ['the pump draws water'],
    advertisement: ['buy now and save'],
    disclaimer: ['no liability is accepted'],
    sidebar: ['related articles'],
  });
  assert.is(classifier.classify('buy now').label, 'advertisement');
  assert.is(classifier.classify('related articles').label, 'sidebar');
  assert.is(classifier.classify('zephyr quartz buy').label, 'content');
  assert.equal(classifier.classify(' --- '), { label: 'content', probability: 1 });
});

test('paragraphs and items are left out; headings, tables, code and long texts never', () => {
  const ad = 'Save up to 50% on your first order. Shop now!';
  const blocks = [
    block('heading', 'Related articles'),
    block('paragraph', 'The pump draws water from the lower tank.'),
    block('paragraph', ad),
    block('list-item', 'Related posts'),
    block('code', ad),
    block('paragraph', `${ad} `.repeat(20)),
  ];
  const { document, report } = pruneByClassifier(documentOf(blocks));
  assert.equal(
    document.blocks,
    [0, 1, 4, 5].map((place) => blocks[place]),
  );
  assert.equal(report.dropped, { advertisement: 1, disclaimer: 0, sidebar: 1 });
  const length = blocks.reduce((sum, { text }) => sum + text.length, 0);
  assert.is(report.compression, 1 - (length - ad.length - 'Related posts'.length) / length);
  // Only the kinds that are asked for, and only where it is sure enough.
  assert.is(pruneByClassifier(documentOf(blocks), { noiseKinds: ['sidebar'] }).report.dropped.advertisement, 0);
  assert.equal(pruneByClassifier(documentOf(blocks), { noiseProbability: 1 }).document.blocks, blocks);
  // A document of nothing else stays.
  assert.equal(pruneByClassifier(documentOf([blocks[0]!, blocks[2]!])).document.blocks, [blocks[0], blocks[2]]);
});

test.run();
