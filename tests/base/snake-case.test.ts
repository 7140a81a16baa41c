import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { snakeCaseKeys } from '../../base/index.ts';

const test = suite('keys in snake_case');

test('keys at any depth; values, and names that mean something elsewhere, stay', () => {
  assert.equal(
    snakeCaseKeys({
      textBytes: 1,
      rows: [{ gitCommit: 'aB', 'ndcg@10': 1, P_10: 2, 'query-student': 3, recall_at_10: 4 }],
      hnsw: { efConstruction: null },
    }),
    {
      text_bytes: 1,
      rows: [{ git_commit: 'aB', 'ndcg@10': 1, P_10: 2, 'query-student': 3, recall_at_10: 4 }],
      hnsw: { ef_construction: null },
    },
  );
});

test('below the paths of data keys stay as they are', () => {
  const value = { trialList: [{ settings: { 'training.batchSize': 1, batchSize: 2 }, bestStep: 3 }], fileSizes: { docA: 1 } };
  assert.equal(snakeCaseKeys(value, ['trialList.*.settings', 'fileSizes']), {
    trial_list: [{ settings: { 'training.batchSize': 1, batchSize: 2 }, best_step: 3 }],
    file_sizes: { docA: 1 },
  });
  assert.equal(snakeCaseKeys({ queryA: { P_1: 1 } }, ['']), { queryA: { P_1: 1 } });
});

test.run();
