import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTeacher, transformersConfig } from '../../../encoders/index.ts';
import { resolveModelSettings } from '../../../encoders/transformers/resolve-settings.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('files beside a model');

const MODELS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

const MODULES = ['Transformer', 'Pooling', 'Normalize'].map((name, index) => ({
  idx: index,
  name: String(index),
  path: index === 0 ? '' : `${index}_${name}`,
  type: `sentence_transformers.models.${name}`,
}));

async function writeFiles(folder: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

const settings = (folder: string, given: object = {}) =>
  resolveModelSettings(transformersConfig.parse({ kind: 'transformers', model: folder, ...given }), folder);

test('F23: pooling, maximum length and prompts as sentence-transformers writes them, in its older and its newer form', () =>
  withTemporaryFolder(async (folder) => {
    const older = await writeFiles(join(folder, 'older'), {
      'modules.json': MODULES,
      '1_Pooling/config.json': { word_embedding_dimension: 64, pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
      'sentence_bert_config.json': { max_seq_length: 128, do_lower_case: false },
      'config_sentence_transformers.json': { prompts: { query: 'Q: ', passage: 'P: ' }, default_prompt_name: null },
    });
    assert.equal(await settings(older), {
      pooling: 'cls',
      maximumTokens: 128,
      padding: 'right',
      queryPrompt: 'Q: ',
      documentPrompt: 'P: ',
    });
    const newer = await writeFiles(join(folder, 'newer'), {
      'modules.json': MODULES.map((module) => ({ ...module, path: module.path.replace('1_Pooling', 'pooling') })),
      'pooling/config.json': { embedding_dimension: 64, pooling_mode: 'lasttoken', include_prompt: true },
      'sentence_bert_config.json': {},
      'tokenizer_config.json': { model_max_length: 1e30 },
      'config.json': { max_position_embeddings: 512 },
      'config_sentence_transformers.json': { prompts: { query: '', document: '', search: 'S: ' }, default_prompt_name: 'search' },
    });
    assert.equal(await settings(newer), {
      pooling: 'last',
      maximumTokens: 512,
      padding: 'left',
      queryPrompt: '',
      documentPrompt: '',
    });
  }));

test('F23: what is given goes before the files, which are not read where nothing is missing', () =>
  withTemporaryFolder(async (folder) => {
    const model = await writeFiles(join(folder, 'model'), {
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true },
      'tokenizer_config.json': { model_max_length: 77 },
      'config_sentence_transformers.json': { prompts: { query: 'Q: ' } },
    });
    const { pooling, maximumTokens, queryPrompt } = await settings(model, { maximumTokens: 9 });
    assert.equal([pooling, maximumTokens, queryPrompt], ['mean', 9, 'Q: ']);
    assert.is((await settings(model, { queryPrompt: '' })).queryPrompt, '');
    assert.is((await settings(model, { pooling: 'cls', maximumTokens: 9 })).queryPrompt, '');
    await writeFile(join(model, '1_Pooling', 'config.json'), 'no JSON');
    assert.is((await errorOf(() => settings(model))).code, 'TEACHER_FILES');
    assert.is((await settings(model, { pooling: 'cls', maximumTokens: 9 })).pooling, 'cls');
    // Without the file that says it, its maximum length is known and its pooling is asked for.
    const bare = await writeFiles(join(folder, 'bare'), { 'tokenizer_config.json': { model_max_length: 77 } });
    const error = await errorOf(() => settings(bare));
    assert.is(error.code, 'TEACHER_SETTINGS_NEEDED');
    assert.match(error.message, '--pooling');
    assert.match(error.message, 'teacher.pooling');
    assert.is((await settings(bare, { pooling: 'mean' })).maximumTokens, 77);
  }));

test('F23: what would be left out in silence is refused', () =>
  withTemporaryFolder(async (folder) => {
    const whole = {
      'modules.json': MODULES,
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true },
      'sentence_bert_config.json': { max_seq_length: 128 },
    };
    for (const [name, files, said] of [
      [
        'dense',
        { 'modules.json': [...MODULES, { path: '3_Dense', type: 'sentence_transformers.models.Dense' }] },
        'module Dense',
      ],
      ['max', { '1_Pooling/config.json': { pooling_mode_max_tokens: true } }, 'pooling_mode_max_tokens'],
      ['two', { '1_Pooling/config.json': { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true } }, ' and '],
      [
        'prompts',
        {
          '1_Pooling/config.json': { pooling_mode_mean_tokens: true, include_prompt: false },
          'config_sentence_transformers.json': { prompts: { query: 'Q: ' } },
        },
        'include_prompt',
      ],
      ['case', { 'sentence_bert_config.json': { max_seq_length: 128, do_lower_case: true } }, 'lower case'],
    ] as const) {
      const error = await errorOf(async () => settings(await writeFiles(join(folder, name), { ...whole, ...files })));
      assert.is(error.code, 'TEACHER_UNSUPPORTED', name);
      assert.match(error.message, said);
    }
  }));

if (existsSync(join(MODELS, 'qwen3-embedding-tiny'))) {
  test('F23: a whole local model by another name embeds as by the name of its preset', () =>
    withTemporaryFolder(async (folder) => {
      const model = join(folder, 'mine');
      await cp(join(MODELS, 'qwen3-embedding-tiny'), model, { recursive: true });
      await writeFiles(model, {
        'modules.json': MODULES,
        '1_Pooling/config.json': { pooling_mode_lasttoken: true, pooling_mode_mean_tokens: false },
        'config_sentence_transformers.json': {
          prompts: {
            query: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
            document: '',
          },
        },
      });
      const vectors = [];
      for (const name of [model, join(MODELS, 'qwen3-embedding-tiny')]) {
        const teacher = await createTeacher(transformersConfig.parse({ kind: 'transformers', model: name }));
        const { data } = await teacher.embedQueries(['what runs on this computer']);
        vectors.push([...data]);
        await teacher.dispose();
      }
      assert.equal(vectors[0], vectors[1]);
    }));
} else process.stdout.write(`skipped: a whole local model by another name (no ${MODELS}qwen3-embedding-tiny)\n`);

test.run();
