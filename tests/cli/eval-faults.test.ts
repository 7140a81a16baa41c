import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compareCommand } from '../../cli/commands/compare.ts';
import { evalCommand } from '../../cli/commands/eval.ts';
import { LsaEmbedder, lsaConfig } from '../../encoders/index.ts';
import { anyBackend } from '../backend.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

interface Result {
  encoders: Record<string, Record<string, number>>;
  counts: Record<string, number>;
  conditions: Record<string, { drop_own_id: boolean }>;
}

const test = suite('evaluations of odd data');

const WORDS = ['granite', 'orchid', 'harbour', 'violin'];

test.before(async () => {
  await anyBackend();
});

/** Every query is a document of the corpus; what is right for it is another document, which BM25 puts second. */
async function writeOwnIds(folder: string, more: { emptyQuery?: boolean; id?: (id: string) => string } = {}): Promise<string> {
  const { emptyQuery = false, id = (own) => own } = more;
  await mkdir(join(folder, 'qrels'), { recursive: true });
  const claims = WORDS.map((word) => ({ _id: id(word), title: '', text: `${word} ${word} is right` }));
  const replies = WORDS.map((word) => ({
    _id: id(`${word}-reply`),
    title: '',
    text: `${word} is not what some say of it at all`,
  }));
  await writeJsonl(join(folder, 'corpus.jsonl'), [...claims, ...replies]);
  const queries = claims.map(({ _id, text }) => ({ _id, text: emptyQuery && _id === id('violin') ? ' \n' : text }));
  await writeJsonl(join(folder, 'queries.jsonl'), queries);
  const judgments = WORDS.map((word) => `${id(word)}\t${id(`${word}-reply`)}\t1\n`);
  await writeFile(join(folder, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judgments.join('')}`);
  return folder;
}

const evaluate = (data: string, ...words: string[]): Promise<string> =>
  runCommand(evalCommand, ['eval', '--encoder', 'lsa', '--encoders', 'bm25', '--data', data, '--dictionary', 'none', ...words]);

const json = async (data: string, ...words: string[]): Promise<Result> =>
  JSON.parse(await evaluate(data, '--json', ...words)) as Result;

test('F03: with the own document in the rankings nDCG@10 is 1/log2(3); without it 1, by the option or by the name of the set', () =>
  withTemporaryFolder(async (folder) => {
    const mine = await writeOwnIds(join(folder, 'mine'));
    const kept = await json(mine);
    assert.ok(Math.abs(kept.encoders['bm25']!['ndcg_at_10']! - 1 / Math.log2(3)) < 1e-9);
    assert.equal([kept.conditions['bm25']!.drop_own_id, kept.counts['queries_that_are_candidates']], [false, 4]);
    const dropped = await json(mine, '--drop-own-id');
    assert.equal([dropped.encoders['bm25']!['ndcg_at_10'], dropped.conditions['bm25']!.drop_own_id], [1, true]);

    const named = await writeOwnIds(join(folder, 'arguana'));
    assert.is((await json(named)).encoders['bm25']!['ndcg_at_10'], 1);
    assert.is((await json(named, '--no-drop-own-id')).encoders['bm25']!['ndcg_at_10'], kept.encoders['bm25']!['ndcg_at_10']);
    assert.match(await evaluate(named), /own id +4 queries are documents too: each one's own document was left out/);
    assert.match(await evaluate(mine), /own id +4 queries have a document's id, .*--drop-own-id/);
  }));

test('F03: the rule is part of what an evaluation is: it is not resumed or compared with another', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeOwnIds(join(folder, 'data'));
    const [kept, dropped] = [join(folder, 'kept'), join(folder, 'dropped')];
    await evaluate(data, '--output', kept);
    await evaluate(data, '--output', dropped, '--drop-own-id');
    // Folders of before there was a choice say nothing of it.
    assert.not.ok('dropOwnId' in JSON.parse(await readFile(join(kept, 'request.json'), 'utf8')));
    const other = await errorOf(() => evaluate(data, '--output', kept, '--drop-own-id'));
    assert.is(other.code, 'EVAL_FOLDER_OTHER');
    assert.match(other.message, 'dropOwnId');
    const compared = await errorOf(() => runCommand(compareCommand, ['compare', kept, dropped, '--rows', 'bm25']));
    assert.is(compared.code, 'COMPARE_OWN_ID');
    assert.not.match(await readFile(join(dropped, 'rankings', 'bm25.trec'), 'utf8'), /^(\S+) Q0 \1 /m);
    assert.match(await readFile(join(kept, 'rankings', 'bm25.trec'), 'utf8'), /^(\S+) Q0 \1 1 /m);
  }));

test('F26: queries without text are counted and said, and count as 0', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeOwnIds(join(folder, 'data'), { emptyQuery: true });
    const result = await json(data, '--drop-own-id');
    assert.equal([result.counts['queries'], result.counts['queries_without_text']], [4, 1]);
    assert.is(result.encoders['bm25']!['ndcg_at_10'], 0.75); // (1 + 1 + 1 + 0) / 4
    assert.match(await evaluate(data), /no text +1 queries have none: they were not searched, and each counts as 0/);
  }));

test('ids that TREC files cannot carry are refused by name before anything is ranked, and are no matter without rankings', () =>
  withTemporaryFolder(async (folder) => {
    for (const [number, [bad, what]] of (
      [
        ['a b', 'white space'],
        ['a\tb', 'white space'],
        ['a\nb', 'white space'],
        ['a\u000bb', 'white space'],
        ['a\u0000b', 'NUL'],
        ['\ud800', 'surrogate'],
      ] as const
    ).entries()) {
      // A tab cannot stand in qrels either; a document that nobody judges can have one.
      const data = await writeOwnIds(join(folder, `data-${number}`));
      await writeFile(
        join(data, 'corpus.jsonl'),
        `${await readFile(join(data, 'corpus.jsonl'), 'utf8')}${JSON.stringify({ _id: bad, text: 'other' })}\n`,
      );
      const error = await errorOf(() => evaluate(data, '--output', join(folder, `output-${number}`)));
      assert.is(error.code, 'EVAL_ID_TREC', bad);
      assert.match(error.message, JSON.stringify(bad));
      assert.match(error.message, what);
      // The others cannot be packed either.
      if (what === 'white space') assert.is((await json(data)).counts['documents'], 9);
    }
    const comment = await writeOwnIds(join(folder, 'comment'), { id: (own) => `#${own}` });
    const error = await errorOf(() => evaluate(comment, '--output', join(folder, 'output')));
    assert.match(error.message, /"#granite" begins with #/);
    const spaces = await writeOwnIds(join(folder, 'spaces'), { id: (own) => `${own}\u00a0x` });
    await evaluate(spaces, '--output', join(folder, 'no-break')); // trec_eval splits at the white space of ASCII only
  }));

test('one grammar of --encoder: an LSA that was fitted before, chance, and what does not go together', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeOwnIds(join(folder, 'data'));
    const lsa = await LsaEmbedder.fit(
      WORDS.flatMap((word) => [`${word} is right`, `${word} is not`]),
      lsaConfig.parse({ kind: 'lsa', dimension: 4, maximumDocumentShare: 1 }),
    );
    await lsa.save(join(folder, 'lsa'));
    const run = async (...words: string[]): Promise<Result> =>
      JSON.parse(await runCommand(evalCommand, ['eval', '--data', data, '--json', ...words])) as Result;
    assert.equal(Object.keys((await run('--encoder', `lsa:${join(folder, 'lsa')}`)).encoders), ['lsa', 'bm25', 'random']);
    assert.equal(Object.keys((await run('--encoder', 'random')).encoders), ['random', 'bm25']);
    for (const words of [
      ['--encoder', 'bm26'],
      ['--encoder', 'lsa:'],
      ['--encoder', 'random:3'],
      ['--encoder', 'transformers:'],
      ['--encoder', 'lsa', '--pooling', 'mean'],
      ['--encoder', 'random', '--task', 'scifact'],
      ['--encoder', 'transformers:x', '--task', 'scifact', '--query-prompt', 'q: '],
      ['--encoder', 'transformers:x', '--maximum-tokens', '0'],
    ])
      assert.is((await errorOf(() => run(...words))).code, 'EVAL_ENCODER', words.join(' '));
  }));

test.run();
