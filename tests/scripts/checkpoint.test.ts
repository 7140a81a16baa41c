import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cardNotes } from '../../scripts/checkpoint/card-notes.ts';
import { squadAsBeir } from '../../scripts/checkpoint/squad-as-beir.ts';
import { withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';

const test = suite('a checkpoint from nothing');

test("questions in SQuAD's form: a paragraph is a document", () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'questions.json');
    const paragraph = (context: string, ...ids: string[]) => ({ context, qas: ids.map((id) => ({ id, question: `${id}?` })) });
    const data = [{ paragraphs: [paragraph('甲', 'a', 'b')] }, { paragraphs: [paragraph('乙', 'c')] }];
    await writeFile(path, JSON.stringify({ data }));
    await squadAsBeir(path, join(folder, 'beir'));
    const read = (name: string): Promise<string> => readFile(join(folder, 'beir', name), 'utf8');
    assert.is(await read('corpus.jsonl'), '{"_id":"p0","title":"","text":"甲"}\n{"_id":"p1","title":"","text":"乙"}\n');
    assert.is(await read('queries.jsonl'), '{"_id":"a","text":"a?"}\n{"_id":"b","text":"b?"}\n{"_id":"c","text":"c?"}\n');
    assert.is(await read('qrels/test.tsv'), 'query-id\tcorpus-id\tscore\na\tp0\t1\nb\tp0\t1\nc\tp1\t1\n');
  }));

test('notes of the card: what the stages left, in words and tables', () =>
  withTemporaryFolder(async (folder) => {
    const source = { name: 'glosses', registry: 'npm', package: 'p', version: '1', licence: 'free', duplicates: 0 };
    const sources = [{ ...source, passages: 1200, definitions: 3, keptOut: { scifact: 2 } }];
    const manifest = {
      corpus: 'broad-en',
      sources,
      keptOut: ['scifact'],
      passages: 1200,
      definitions: 3,
      words: 9,
      questions: 1,
    };
    await mkdir(join(folder, 'corpus'));
    await writeFile(join(folder, 'corpus', 'manifest.json'), JSON.stringify(manifest));
    await mkdir(join(folder, 'run', 'query'), { recursive: true });
    const environment = { cores: 2, cpu: 'EPYC', backend: 'tensorflow', backendDetail: 'native', node: 'v20' };
    await writeFile(join(folder, 'run', 'environment.json'), JSON.stringify(environment));
    const step = (number: number) => ({ step: number, seconds: number * 2, memory: 1e9 - number });
    await writeJsonl(join(folder, 'run', 'metrics.jsonl'), [step(10), { step: 10, dev: 1 }, step(1800)]);
    await mkdir(join(folder, 'output'));
    const encoders = { teacher: 0.5, bm25: 0.4, student: 0.4, 'query-student': 0.3, random: 0 };
    const measured = Object.fromEntries(Object.entries(encoders).map(([name, value]) => [name, { ndcg_at_10: value }]));
    await writeFile(
      join(folder, 'output', 'evaluation-scifact.json'),
      JSON.stringify({ encoders: measured, retention: 0.8, saving: 0.6 }),
    );
    const sets = [
      { name: 'scifact', data: 'x', split: 'test', candidates: 'corpus', title: 'SciFact' },
      { name: 'absent', data: 'x', split: 'test', candidates: 'corpus', title: 'Absent' },
    ] as const;
    const kind = { corpus: 'broad-en', config: 'c.yaml', run: 'r', output: join(folder, 'output'), sets };
    const notes = await cardNotes(kind, 'en', join(folder, 'corpus'), join(folder, 'run'));
    assert.match(notes, '1,200 passages and their sentences, 3 definitions');
    assert.match(notes, '2 texts were left out');
    assert.match(notes, '| glosses | npm: p 1 | 1,200 | 3 | free |');
    assert.match(notes, '1,800 steps, 60 min 0 s of training, at most 1.00 GB of memory');
    assert.match(notes, '| SciFact | 0.5000 | 0.4000 | 0.4000 | 80.0% | 0.3000 | 75.0% | 60.0% |');
    assert.not.match(notes, 'Absent');
  }));

test.run();
