import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenEncoder, type TokenEncoder, type TokenVectors, vectorGroup } from '../../../encoders/index.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite("vectors of a model's tokens");

const MODELS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url));

function testWithModel(model: string, name: string, body: (encoder: TokenEncoder) => Promise<void>): void {
  if (!existsSync(join(MODELS, model))) {
    console.log(`skipped: ${name} (no ${model} in ${MODELS})`);
    return;
  }
  test(`${name} (${model})`, async () => {
    const encoder = await openTokenEncoder({ model, dtype: model.endsWith('-q') ? 'q8' : 'fp32' }, MODELS);
    try {
      await body(encoder);
    } finally {
      await encoder.dispose();
    }
  });
}

const written = ({ tokens }: TokenVectors): string[] =>
  tokens.map(({ text, continues, special }) => `${special ? '*' : ''}${continues ? '~' : ''}${text}`);

/** The largest difference of a token's normalised vector and the text's. */
function distance({ vectors, dimension, sentence }: TokenVectors, token: number): number {
  const { data } = vectorGroup(vectors.slice(token * dimension, (token + 1) * dimension), dimension);
  return Math.max(...data.map((value, place) => Math.abs(value - sentence[place]!)));
}

testWithModel('bge-small-zh-v1.5-q', 'Chinese: characters; the tokens of the prompt are special', async (encoder) => {
  assert.is(encoder.tokenDimension, 512);
  const [text] = await encoder.encodeDocumentTokens(['银行的利率']);
  assert.equal(written(text!), ['*[CLS]', '银', '行', '的', '利', '率', '*[SEP]']);
  assert.is(text!.vectors.length, 7 * 512);
  // Its texts are the state of their first token.
  assert.ok(distance(text!, 0) < 1e-6);
  const [query] = await encoder.encodeQueryTokens(['利率']);
  assert.equal(written(query!).slice(-4), ['*：', '利', '率', '*[SEP]']);
  assert.is(query!.tokens.filter(({ special }) => !special).length, 2);
});

testWithModel(
  'qwen3-embedding-tiny',
  'pieces of words, whatever marks the vocabulary has; padding is no token',
  async (encoder) => {
    const [short, long] = await encoder.encodeDocumentTokens(['A lantern', 'The lantern of the lighthouse burns']);
    const words = (text: TokenVectors): string =>
      written(text)
        .filter((token) => !token.startsWith('*'))
        .join(' ')
        .replaceAll(' ~', '');
    assert.is(words(short!), 'A lantern');
    assert.is(words(long!), 'The lantern of the lighthouse burns');
    // Its texts are the state of their last token, however many stand in the batch.
    for (const text of [short!, long!]) assert.ok(distance(text, text.tokens.length - 1) < 1e-6);
    const [alone] = await encoder.encodeDocumentTokens(['A lantern']);
    assert.ok(Math.max(...alone!.vectors.map((value, place) => Math.abs(value - short!.vectors[place]!))) < 1e-4);
  },
);

test('settings that are none are refused by name', async () => {
  const settings = { model: '', dtype: 'fp32' } as const;
  assert.is((await errorOf(() => openTokenEncoder(settings))).code, 'GROUP_ENCODER');
});

test.run();
