import { z } from 'zod';
import { MAXIMUM_QUERY_LENGTH } from '../../rag/index.ts';
import type { EmbeddingModel } from '../../recipes/index.ts';
import { HttpError } from '../errors.ts';
import { pictureOf, refuseBadPicture } from '../picture-body.ts';
import type { Route } from '../routing/index.ts';
import { collectionNamed } from './models.ts';
import { ModelMissing, openAiErrorSchema } from './openai-errors.ts';
import type { OpenAiServices } from './openai-services.ts';

/** Texts of one request, as OpenAI has it. */
const MAXIMUM_TEXTS = 2048;
const BODY_LIMIT_BYTES = 8 * 1024 * 1024;
const BYTES_PER_NUMBER = 4;
/** Characters of a text, by its side: far more than any encoder reads of it. */
const LONGEST = { query: MAXIMUM_QUERY_LENGTH, document: 1_000_000 } as const;

const INPUT = `must be a text or a list of 1 to ${MAXIMUM_TEXTS} texts, none of them empty; numbers are tokens of another model, which are not read here: send the texts`;
const text = z.string().refine((value) => value !== '', 'must not be empty');

const part = z
  .strictObject({
    text: text.optional(),
    image: z.string().min(1).optional().describe('A picture in base64, or as a `data:` address.'),
  })
  .refine((value) => value.text !== undefined || value.image !== undefined, 'must have a text, an image, or both');

const embeddingsRequest = z
  .looseObject({
    model: z.string().min(1).max(200).describe("The checkpoint's name, or that of a collection that was made with it."),
    input: z
      .union(
        [
          text,
          z
            .array(z.union([text, part], INPUT))
            .min(1, INPUT)
            .max(MAXIMUM_TEXTS, INPUT),
        ],
        INPUT,
      )
      .describe(
        `A text, or a list of up to ${MAXIMUM_TEXTS}; no tokens. With \`{"image": …}\`, \`{"text": …}\` or both in the list, the vectors are of what encoded the pictures of the collection that \`model\` names.`,
      ),
    input_type: z
      .enum(['query', 'document'])
      .default('query')
      .describe(
        'Which side of a search the texts stand on: a query is encoded as text; a document is compressed first, as one frame, as the index has it. An extension of this server.',
      ),
    dimensions: z
      .int()
      .min(1)
      .optional()
      .describe('Length of the vectors: one that the checkpoint was trained for (Matryoshka); its own unless given.'),
    encoding_format: z
      .enum(['float', 'base64'])
      .default('float')
      .describe('Vectors as lists of numbers, or as little-endian float32 in base64.'),
  })
  .describe('Keys that are not listed are passed over, as those of other servers are.');

const embeddingsAnswer = z.object({
  object: z.literal('list'),
  model: z.string(),
  data: z.array(
    z.object({ object: z.literal('embedding'), index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) }),
  ),
  usage: z
    .object({ prompt_tokens: z.int(), total_tokens: z.int() })
    .describe('Bytes of the texts in UTF-8: what this encoder has for tokens.'),
  unread: z
    .object({ texts: z.int(), bytes: z.int() })
    .optional()
    .describe(
      'Documents that are longer than the encoder reads, and the bytes at their ends that are in no vector; absent where all was read. An extension of this server.',
    ),
});

/**
 * The model that a request for vectors names.
 *
 * @throws HttpError 404 where there is none; 400 `EMBEDDINGS_OTHER_CHECKPOINT` for a collection whose vectors are another checkpoint's
 */
async function embeddingModel(services: OpenAiServices, name: string): Promise<EmbeddingModel> {
  const { embeddings } = services;
  if (embeddings === undefined) throw new ModelMissing(name, 'checkpoint');
  if (name === embeddings.name) return embeddings;
  const collection = await collectionNamed(services, name);
  const [{ checkpoint }, { revision }] = await Promise.all([collection.describe(), embeddings.describe()]);
  if (checkpoint === revision) return embeddings;
  throw new HttpError(
    400,
    `model: the vectors of the collection ${name} are of another checkpoint (${checkpoint.slice(0, 12)}…) than this server's, ${embeddings.name}; serve with that one`,
    { code: 'EMBEDDINGS_OTHER_CHECKPOINT' },
  );
}

/** @throws HttpError 400 `EMBEDDINGS_LENGTH` */
function checkLengths(texts: readonly string[], side: keyof typeof LONGEST): void {
  const place = texts.findIndex(({ length }) => length > LONGEST[side]);
  if (place === -1) return;
  const message = `input: a ${side} has ${LONGEST[side]} characters at most, text ${place + 1} has ${texts[place]!.length}`;
  throw new HttpError(400, message, { code: 'EMBEDDINGS_LENGTH' });
}

/** Numbers as OpenAI packs them: float32, little-endian, in base64. */
function base64Of(vector: Float32Array): string {
  const bytes = Buffer.alloc(vector.length * BYTES_PER_NUMBER);
  for (let index = 0; index < vector.length; index++) bytes.writeFloatLE(vector[index]!, index * BYTES_PER_NUMBER);
  return bytes.toString('base64');
}

/** Vectors of pictures, texts, and both together, in the space of a collection's pictures. */
async function embedPictures(
  services: OpenAiServices,
  { model, dimensions, encoding_format: format }: z.output<typeof embeddingsRequest>,
  inputs: readonly (string | z.output<typeof part>)[],
  signal: AbortSignal,
) {
  const collection = await collectionNamed(services, model);
  const queries = inputs.map((input) =>
    typeof input === 'string'
      ? { text: input, image: undefined }
      : { ...input, image: input.image === undefined ? undefined : pictureOf(input.image) },
  );
  checkLengths(
    queries.map((query) => query.text ?? ''),
    'query',
  );
  const { data, dimension } = await services.queue
    .run(() => services.metrics.timed('embed', () => collection.embedPictures(queries)), signal)
    .catch(refuseBadPicture);
  if (dimensions !== undefined && dimensions !== dimension) {
    throw new HttpError(400, `dimensions: vectors of pictures have ${dimension} numbers here, and no others`, {
      code: 'EMBEDDINGS_DIMENSIONS',
    });
  }
  const tokens = queries.reduce((sum, { text: one = '', image }) => sum + Buffer.byteLength(one) + (image?.length ?? 0), 0);
  return {
    object: 'list',
    model,
    data: inputs.map((_, index) => {
      const vector = data.subarray(index * dimension, (index + 1) * dimension);
      return { object: 'embedding', index, embedding: format === 'base64' ? base64Of(vector) : [...vector] };
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** `POST /v1/embeddings` */
export function embeddingsRoute(services: OpenAiServices): Route<z.ZodType, z.ZodType, typeof embeddingsRequest> {
  return {
    method: 'POST',
    path: '/v1/embeddings',
    scope: 'read',
    tag: 'openai',
    failure: openAiErrorSchema,
    summary: 'Vectors of texts, in the shape of OpenAI',
    body: embeddingsRequest,
    bodyLimit: BODY_LIMIT_BYTES,
    answers: { 200: { description: 'A vector for each text, L2-normalised', schema: embeddingsAnswer } },
    handler: async ({ body, signal }) => {
      const inputs = typeof body.input === 'string' ? [body.input] : body.input;
      if (inputs.some((input) => typeof input !== 'string')) return embedPictures(services, body, inputs, signal);
      const texts = inputs as readonly string[];
      checkLengths(texts, body.input_type);
      const model = await embeddingModel(services, body.model);
      const options = { side: body.input_type, dimension: body.dimensions, signal };
      const { data, dimension, unread } = await services.queue.run(
        () => services.metrics.timed('embed', () => model.embed(texts, options)),
        signal,
      );
      const tokens = texts.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
      return {
        object: 'list',
        model: body.model,
        data: texts.map((_, index) => {
          const vector = data.subarray(index * dimension, (index + 1) * dimension);
          return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? base64Of(vector) : [...vector] };
        }),
        usage: { prompt_tokens: tokens, total_tokens: tokens },
        ...(unread && { unread: { texts: unread.passages, bytes: unread.bytes } }),
      };
    },
  };
}
