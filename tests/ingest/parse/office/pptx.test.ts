import pptxgen from 'pptxgenjs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pptxParser } from '../../../../ingest/parse/office/pptx-parser.ts';
import { parserContract } from '../../../contracts/parser.ts';
import { sampleContract } from '../sample-contract.ts';

const test = suite('PPTX, written by the package pptxgenjs');

async function talk(): Promise<Uint8Array> {
  const Presentation = pptxgen as unknown as new () => pptxgen.default;
  const presentation = new Presentation();
  presentation.title = '压缩检索';
  presentation.defineSlideMaster({
    title: 'WITH_TITLE',
    objects: [
      { placeholder: { options: { name: 'title', type: 'title', x: 0.5, y: 0.2, w: 9, h: 1 }, text: '' } },
      { placeholder: { options: { name: 'body', type: 'body', x: 0.5, y: 1.5, w: 9, h: 3 }, text: '' } },
    ],
    slideNumber: { x: 9, y: 5 },
  });
  const first = presentation.addSlide({ masterName: 'WITH_TITLE' });
  // The body comes before the title in the file; it is read after it.
  first.addText(
    [
      { text: '读取压缩字节', options: { breakLine: true, bullet: true } },
      { text: '不解压文档', options: { bullet: true, indentLevel: 1 } },
    ],
    { placeholder: 'body' },
  );
  first.addText('为什么压缩', { placeholder: 'title' });
  first.addNotes('这里要讲得慢一点。');
  const second = presentation.addSlide({ masterName: 'WITH_TITLE' });
  second.addText('Results', { placeholder: 'title' });
  second.addTable(
    [[{ text: '方法' }, { text: 'nDCG' }], [{ text: 'BM25' }, { text: '0.33' }], [{ text: '混合', options: { colspan: 2 } }]],
    { x: 1, y: 1 },
  );
  second.addText('A box of its own.', { x: 1, y: 4 });
  const third = presentation.addSlide();
  third.addText('没有标题的一页', { x: 1, y: 1 });
  third.addText('它的正文在这里。', { x: 1, y: 2 });
  const hidden = presentation.addSlide();
  hidden.addText('不放映', { x: 1, y: 1 });
  hidden.hidden = true;
  return new Uint8Array((await presentation.write({ outputType: 'nodebuffer' })) as Buffer);
}

const bytes = await talk();

test('slides in order as pages: titles, lists, tables, notes', async () => {
  const [document] = await pptxParser.parse({ path: 'talk.pptx', bytes });
  assert.is(document?.title, '压缩检索');
  assert.equal(
    document?.blocks.map(({ kind, level, text, pages }) => `${pages?.first} ${kind}${level ?? ''}: ${text}`),
    [
      '1 heading1: 为什么压缩',
      '1 list-item1: 读取压缩字节',
      '1 list-item2: 不解压文档',
      '1 heading2: Notes',
      '1 paragraph: 这里要讲得慢一点。',
      '2 heading1: Results',
      '2 table: | 方法 | nDCG |\n| --- | --- |\n| BM25 | 0.33 |\n| 混合 |  |',
      '2 paragraph: A box of its own.',
      '3 heading1: 没有标题的一页',
      '3 paragraph: 它的正文在这里。',
    ],
  );
  assert.equal(document?.warnings, ['slide 4 is hidden and was left out']);
});

test.run();

parserContract('pptx', { parser: pptxParser, files: [{ path: 'talk.pptx', bytes }] });
sampleContract('pptx');
