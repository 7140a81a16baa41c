import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EndpointImageEncoder, IMAGE_KEY_VARIABLE } from '../../../encoders/images/endpoint-image-encoder.ts';
import { type EndpointImageConfig, imageEncoderConfig } from '../../../encoders/images/image-encoder-config.ts';
import { type Asked, withJsonServer } from '../../fixtures/http-server.ts';
import { png } from '../../fixtures/pictures.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';

const test = suite('endpoints that embed pictures');

const config = (settings: object) =>
  imageEncoderConfig.parse({ kind: 'endpoint', model: 'm', dimension: 2, ...settings }) as EndpointImageConfig;

interface Content {
  readonly text?: string;
  readonly image?: string;
}

/** Texts point along the first axis, pictures along the second, both together in between. */
const vectorOf = ({ text, image }: Content) => [text === undefined ? 0 : 3, image === undefined ? 0 : 3];

/** As DashScope's reference shows it: vectors in any order, each with its index; with `enable_fusion` one of all contents. */
const dashscope = ({ body }: Asked) => {
  const contents = (body.input as { contents: Content[] }).contents;
  const fused = (body.parameters as { enable_fusion?: boolean }).enable_fusion === true;
  const rows = fused ? [Object.assign({}, ...contents) as Content] : contents;
  const embeddings = rows.map((content, index) => ({
    index,
    embedding: vectorOf(content),
    type: fused ? 'fusion' : content.image === undefined ? 'text' : 'image',
  }));
  return {
    output: { embeddings: embeddings.reverse() },
    usage: { input_tokens: 10, image_tokens: 896 },
    request_id: '1fff9502-a6c5-9472-9ee1-73930fdd04c5',
  };
};

/** As Jina's reference shows it. */
const jina = ({ body }: Asked) => ({
  model: body.model,
  object: 'list',
  usage: { total_tokens: 8, prompt_tokens: 8 },
  data: (body.input as Content[]).map((content, index) => ({ object: 'embedding', index, embedding: vectorOf(content) })),
});

test("DashScope's shape: texts, pictures, and both as one vector of the model", () =>
  withJsonServer(dashscope, async (base, asked) => {
    process.env[IMAGE_KEY_VARIABLE] = 'secret';
    try {
      const encoder = new EndpointImageEncoder(
        config({ shape: 'dashscope', url: `${base}/embed`, fusion: 'model', batchSize: 2 }),
      );
      const image = await png(2, 2, () => [9, 9, 9]);
      assert.equal([...(await encoder.encodeTexts(['a', 'b', 'c'])).data], [1, 0, 1, 0, 1, 0]);
      assert.equal([...(await encoder.encodeImages([image])).data], [0, 1]);
      const half = Math.fround(Math.SQRT1_2);
      const fused = await encoder.encodeFused([{ image, text: '图4' }]);
      assert.ok(fused.data.every((value) => Math.abs(value - half) < 1e-6));
      const data = `data:image/png;base64,${image.toString('base64')}`;
      assert.equal(
        asked.map(({ body }) => body),
        [
          { model: 'm', input: { contents: [{ text: 'a' }, { text: 'b' }] }, parameters: { dimension: 2 } },
          { model: 'm', input: { contents: [{ text: 'c' }] }, parameters: { dimension: 2 } },
          { model: 'm', input: { contents: [{ image: data }] }, parameters: { dimension: 2 } },
          {
            model: 'm',
            input: { contents: [{ text: '图4', image: data }] },
            parameters: { dimension: 2, enable_fusion: true },
          },
        ],
      );
      assert.equal(asked[0]!.authorization, 'Bearer secret');
    } finally {
      delete process.env[IMAGE_KEY_VARIABLE];
    }
  }));

test("Jina's shape: a picture and its text are added up by the weight", () =>
  withJsonServer(jina, async (base, asked) => {
    const encoder = new EndpointImageEncoder(config({ shape: 'jina', url: `${base}/v1/embeddings`, imageWeight: 0.6 }), {
      key: '',
    });
    const image = await png(2, 2, () => [9, 9, 9]);
    const { data } = await encoder.encodeFused([{ image, text: 'a' }]);
    // (0.4, 0.6) at length 1
    assert.ok(Math.abs(data[0]! - 0.4 / Math.hypot(0.4, 0.6)) < 1e-6);
    assert.ok(Math.abs(data[1]! - 0.6 / Math.hypot(0.4, 0.6)) < 1e-6);
    assert.equal(asked[0]!.body, {
      model: 'm',
      dimensions: 2,
      normalized: true,
      embedding_type: 'float',
      input: [{ image: `data:image/png;base64,${image.toString('base64')}` }],
    });
  }));

test('answers of another form, too few vectors, other dimensions and pictures that are none are refused', async () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [{ code: 'InvalidApiKey', message: 'no', request_id: 'x' }, /is not \{ output/],
    [{ output: { embeddings: [] } }, /0 vectors for 1 contents/],
    [{ output: { embeddings: [{ index: 0, embedding: [1, 2, 3], type: 'text' }] } }, /3 numbers/],
    [{ output: { embeddings: [{ index: 1, embedding: [1, 2], type: 'text' }] } }, /vector 1/],
  ];
  for (const [answer, expected] of cases) {
    await withJsonServer(
      () => answer,
      async (base) => {
        const encoder = new EndpointImageEncoder(config({ shape: 'dashscope', url: base }), { key: '', retries: 0 });
        const error = await errorOf(() => encoder.encodeTexts(['a']));
        assert.is(error.code, 'IMAGE_ENCODER_ENDPOINT');
        assert.match(error.message, expected);
        assert.is((await errorOf(() => encoder.encodeImages([Buffer.from('no picture')]))).code, 'PICTURE_UNREADABLE');
      },
    );
  }
});

test.run();
