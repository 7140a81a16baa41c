import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FigurePicture } from '../../../data/index.ts';
import { type Block, type BlockFigure, type BlockKind, describeFigures } from '../../../ingest/index.ts';

const test = suite('figures of a document');

const picture = (number: number): FigurePicture => ({
  mediaType: 'image/png',
  bytes: Uint8Array.of(number),
  width: 200,
  height: 100,
});
const block = (kind: BlockKind, text: string, figure?: BlockFigure): Block => ({
  kind,
  text,
  headings: [],
  ...(figure && { figure }),
});
const shown = (number: number, text = ''): Block => block('figure', text, { picture: picture(number) });
const captionsOf = (...blocks: Block[]) => describeFigures({ blocks }).figures.map(({ caption }) => caption);

test('a caption below or above its figure, as the document has them', () => {
  const below = [
    shown(1),
    block('caption', '图1：收入'),
    shown(2),
    block('paragraph', '图2：利润'),
    block('paragraph', '结尾。'),
  ];
  assert.equal(captionsOf(...below), ['图1：收入', '图2：利润']);
  const above = [block('caption', 'Figure 1: income'), shown(1), block('caption', 'Figure 2: profit'), shown(2)];
  assert.equal(captionsOf(...above), ['Figure 1: income', 'Figure 2: profit']);
});

test("a table's caption is no figure's, unless the table is a picture", () => {
  const table = block('table', 'a | b');
  assert.equal(captionsOf(shown(1), block('caption', '图1：收入'), block('caption', '表1：收入'), table), ['图1：收入']);
  assert.equal(captionsOf(shown(1), block('caption', '表1：收入')), ['表1：收入']);
});

test('parts of one figure have its caption', () => {
  assert.equal(captionsOf(shown(1), shown(2), block('caption', '图1：收入')), ['图1：收入', '图1：收入']);
});

test('a caption without a picture is a figure, and one of a table is none', () => {
  const { figures } = describeFigures({ blocks: [block('paragraph', '图3：净利润'), block('paragraph', '表3：净利润')] });
  assert.equal(
    figures.map(({ caption, picture: none }) => [caption, none]),
    [['图3：净利润', undefined]],
  );
});

test('what the text says of it: where it is named, and what stands beside it', () => {
  const blocks = [
    block('paragraph', '如图4所示，利润在增长。图40是别的。'),
    block('heading', '利润'),
    block('paragraph', '公司在上海。'),
    shown(1, 'bars'),
    block('caption', '图4：归母净利润'),
    block('paragraph', '数据来源：年报。'),
  ].map((each) => ({ ...each, headings: each.kind === 'heading' ? [] : [] }));
  const [figure] = describeFigures({ blocks }).figures;
  assert.is(figure?.alt, 'bars');
  assert.is(figure?.nearby, '如图4所示，利润在增长。\n公司在上海。\n数据来源：年报。');
});

test('what is no figure is counted: small, of one colour, the same again and again', () => {
  const logo = (): Block => shown(9);
  const { figures, leftOut } = describeFigures({
    blocks: [
      block('figure', '', { leftOut: 'small' }),
      block('figure', '', { leftOut: 'plain' }),
      logo(),
      logo(),
      shown(1),
      logo(),
      shown(1),
    ],
  });
  assert.is(figures.length, 1);
  assert.equal(leftOut, { small: 1, plain: 1, unreadable: 0, large: 0, repeated: 4 });
});

test.run();
