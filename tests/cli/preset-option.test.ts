import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import yargs from 'yargs';
import { answerOptions, namesChat, wanted } from '../../cli/options/answer-options.ts';
import { withPreset } from '../../cli/options/preset-option.ts';
import {
  type CollectionServingOptions,
  collectionServingOptions,
  refuseCollectionOptions,
  servingChoices,
} from '../../cli/options/serving-options.ts';
import { errorOf, withTemporaryFolder } from '../fixtures/temporary-folder.ts';

const test = suite('--preset');

const parsed = async (...words: string[]): Promise<Record<string, unknown>> =>
  await withPreset(yargs(words), 'answer', Object.keys(answerOptions))
    .options(answerOptions)
    .strict()
    .exitProcess(false)
    .fail(false)
    .parseAsync();

test('options that are not given are as the preset has them', async () => {
  const { k, rerankDepth, retrievers, presetChat } = await parsed('--preset', 'finance');
  assert.equal(
    { k, rerankDepth, retrievers, presetChat },
    { k: 6, rerankDepth: 32, retrievers: 'hybrid', presetChat: undefined },
  );
  assert.is((await parsed())['k'], 8);
});

test('what is given goes first, and what a chat model does waits for one', async () => {
  const { k, minimum, presetChat, noiseFilter } = await parsed('--preset', 'medical', '--k', '3');
  assert.equal(
    { k, minimum, presetChat, noiseFilter },
    { k: 3, minimum: 0.5, presetChat: { noiseFilter: true }, noiseFilter: false },
  );
  assert.not.ok(namesChat({}));
  assert.not.ok(namesChat({ reader: 'extractive', llmModel: 'm' }));
  assert.ok(namesChat({ localModel: 'm.gguf' }));
  assert.equal(wanted({ agent: true, noiseFilter: false }), { agent: true });
  assert.equal(wanted(undefined), {});
});

test('a server answers as the preset says, and an index alone has none', async () => {
  const given = async (...words: string[]) =>
    (await withPreset(yargs(words), 'answer', Object.keys(collectionServingOptions))
      .options(collectionServingOptions)
      .strict()
      .exitProcess(false)
      .fail(false)
      .parseAsync()) as CollectionServingOptions;
  const { depth, sentences } = servingChoices(await given('--preset', 'finance', '--sentences', '1'));
  assert.equal({ depth, sentences }, { depth: 32, sentences: 1 });
  assert.is(servingChoices(await given('--preset', 'medical')).minimum, 0.5);
  assert.not.ok(servingChoices(await given('--preset', 'realtime')).agent);
  assert.ok(servingChoices(await given('--preset', 'realtime', '--llm-model', 'm')).agent);
  const alone = await given('--preset', 'realtime');
  assert.match(
    (await errorOf(async () => refuseCollectionOptions(alone))).message,
    /--preset is for --collections: an index alone is searched/,
  );
});

test('a file of settings, and what is none', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'production.yaml');
    await writeFile(path, 'preset: realtime\nanswer: {topicFilter: true}\n');
    const { k, sentences, topicFilter, presetChat } = await parsed('--preset', path);
    assert.equal(
      { k, sentences, topicFilter, presetChat },
      { k: 4, sentences: 2, topicFilter: true, presetChat: { agent: true } },
    );
    assert.match((await errorOf(() => parsed('--preset', 'unknown'))).message, /unknown is no preset and no file/);
  }));

test.run();
