import { z } from 'zod';
import type { CollectionService, CollectionSummary } from '../collection-service.ts';
import type { Route } from '../routing/index.ts';
import { isMissingCollection, ModelMissing, openAiErrorSchema } from './openai-errors.ts';
import type { OpenAiServices } from './openai-services.ts';

const model = z.object({
  id: z.string().describe("A collection's name, or the checkpoint's."),
  object: z.literal('model'),
  created: z.int().describe('Unix time in seconds; 0 where it is not known.'),
  owned_by: z.string(),
  capabilities: z
    .array(z.enum(['chat', 'embeddings']))
    .describe('What it is for: an extension of this server. A collection answers questions; the checkpoint embeds.'),
});

type Model = z.infer<typeof model>;

const OWNER = 'cem-rag';

function modelOfCollection({ name, createdAt }: CollectionSummary): Model {
  const created = createdAt === undefined ? 0 : Math.floor(Date.parse(createdAt) / 1000);
  return { id: name, object: 'model', created, owned_by: OWNER, capabilities: ['chat', 'embeddings'] };
}

async function modelsOf({ collections, embeddings }: OpenAiServices): Promise<Model[]> {
  const models = (await collections.list()).map(modelOfCollection);
  if (embeddings === undefined || models.some(({ id }) => id === embeddings.name)) return models;
  return [...models, { id: embeddings.name, object: 'model', created: 0, owned_by: OWNER, capabilities: ['embeddings'] }];
}

/**
 * The collection that a request names as its model.
 *
 * @throws HttpError 404 where there is none
 */
export async function collectionNamed({ collections }: OpenAiServices, name: string): Promise<CollectionService> {
  try {
    return await collections.get(name);
  } catch (error) {
    if (isMissingCollection(error)) throw new ModelMissing(name, 'collection');
    throw error;
  }
}

/** `GET /v1/models` */
export function modelsRoute(services: OpenAiServices): Route {
  return {
    method: 'GET',
    path: '/v1/models',
    scope: 'read',
    tag: 'openai',
    failure: openAiErrorSchema,
    summary: 'The collections and the checkpoint, as models',
    answers: { 200: { description: 'All of them', schema: z.object({ object: z.literal('list'), data: z.array(model) }) } },
    handler: async () => ({ object: 'list', data: await modelsOf(services) }),
  };
}

const modelParams = z.object({ id: z.string().min(1).max(200) });

/** `GET /v1/models/{id}` */
export function modelRoute(services: OpenAiServices): Route<typeof modelParams> {
  return {
    method: 'GET',
    path: '/v1/models/{id}',
    scope: 'read',
    tag: 'openai',
    failure: openAiErrorSchema,
    summary: 'One model',
    params: modelParams,
    answers: { 200: { description: 'The model', schema: model } },
    handler: async ({ params: { id } }) => {
      const found = (await modelsOf(services)).find((one) => one.id === id);
      if (found === undefined) throw new ModelMissing(id, 'model');
      return found;
    },
  };
}
