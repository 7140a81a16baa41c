import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseModes, type RetrievalMode } from '../../../eval/modes/index.ts';

const test = suite('modes of retrieval');

const short = ({ name, parts, method, hyde, rerank }: RetrievalMode): string =>
  [name, parts.join('+'), method ?? '-', hyde ? 'hyde' : '', rerank ? 'rerank' : ''].join(' ').trim();
const parse = (text: string, available: Parameters<typeof parseModes>[1] = ['bm25', 'dense', 'cem']): string[] =>
  parseModes(text, available).map(short);

test('parts, fusions, HyDE and reranking', () => {
  assert.equal(parse('bm25,dense, cem,hyde_dense'), ['bm25 bm25 -', 'dense dense -', 'cem cem -', 'hyde_dense dense - hyde']);
  assert.equal(parse('dedup,rrf,weighted,weighted_scores,hyde_rrf'), [
    'dedup bm25+dense dedup',
    'rrf bm25+dense rrf',
    'weighted bm25+dense weighted-ranks',
    'weighted_scores bm25+dense weighted-scores',
    'hyde_rrf bm25+dense rrf hyde',
  ]);
  assert.equal(parse('rrf-cem,rrf-dense'), ['rrf-cem bm25+cem rrf', 'rrf-dense bm25+dense rrf']);
  assert.equal(parse('hybrid,hybrid-cem'), ['hybrid bm25+dense hybrid', 'hybrid-cem bm25+cem hybrid']);
  assert.equal(parse('field,rrf-field,rrf', ['bm25', 'dense', 'field']), [
    'field field -',
    'rrf-field bm25+field rrf',
    'rrf bm25+dense rrf',
  ]);
  assert.equal(parse('bm25,cem,rrf').slice(2), ['rrf bm25+cem rrf'], 'vectors that are listed');
  assert.equal(parse('rrf', ['bm25', 'cem']), ['rrf bm25+cem rrf'], 'vectors of what there is');
  assert.equal(parse('bm25,rrf,+rerank'), [
    'bm25 bm25 -',
    'rrf bm25+dense rrf',
    'bm25+rerank bm25 -  rerank',
    'rrf+rerank bm25+dense rrf  rerank',
  ]);
});

test('names of the system that the tables come from', () => {
  assert.equal(parse('bm25_only,emb_only,hyde_emb_only,dedup_default,rrf_default,hyde_rrf_default'), [
    'bm25_only bm25 -',
    'emb_only dense -',
    'hyde_emb_only dense - hyde',
    'dedup_default bm25+dense dedup',
    'rrf_default bm25+dense rrf',
    'hyde_rrf_default bm25+dense rrf hyde',
  ]);
});

test('what is none says why', () => {
  for (const [text, reason, available] of [
    ['bm26', /there is no "bm26"/, undefined],
    ['', /there is no ""/, undefined],
    ['hyde_bm25', /for vectors alone/, undefined],
    ['bm25-cem', /only fusions/, undefined],
    ['rrf,rrf', /names rrf twice/, undefined],
    ['+rerank', /names nothing to rerank/, undefined],
    ['dense', /needs dense/, ['bm25', 'cem'] as const],
    ['rrf', /needs dense/, ['bm25'] as const],
  ] as const)
    assert.throws(
      () => parseModes(text, available ?? ['bm25', 'dense', 'cem']),
      (error: { code?: string; message: string }) => error.code === 'EVAL_RETRIEVERS' && reason.test(error.message),
      text,
    );
});

test.run();
