import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evalCommand } from '../../cli/commands/eval.ts';
import { searchCommand } from '../../cli/commands/search.ts';
import { openAnswering } from '../../recipes/answering/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

const test = suite('--rerank-share');

test('without --reranker it is refused by name, by what searches, measures, and answers', async () => {
  const share = ['--rerank-share', '0.4'];
  for (const refused of [
    () => runCommand(searchCommand, ['search', 'lantern', '--index', 'nowhere', ...share]),
    () => runCommand(evalCommand, ['eval', '--data', 'nowhere', '--split', 'test', '--retrievers', 'bm25', ...share]),
    // `cem ask`, `chat` and `serve`.
    () => openAnswering({ rerankShare: 0.4 }),
  ]) {
    const { code, message } = await errorOf(refused);
    assert.is(code, 'RERANK_SHARE');
    assert.match(message, '--rerank-share 0.4 says how much a reranker counts, and none is named');
  }
});

test.run();
