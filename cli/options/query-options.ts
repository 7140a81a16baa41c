import { UsageError } from '../../base/index.ts';
import { OpenAiChatModel, type QuerySteps } from '../../rag/index.ts';

/** What `search` does with a query before and after it is ranked by, as options say it. */
export interface QueryOptions {
  readonly selfQuery?: boolean | undefined;
  readonly hyde: boolean;
  readonly rewrites?: number | undefined;
  readonly chatModel?: string | undefined;
  readonly chatUrl?: string | undefined;
}

export const queryOptions = {
  'self-query': {
    type: 'boolean',
    default: true,
    describe:
      'collection: an article that the query cites (刑法第十条) is what is found, a figure that it asks for (图4, a chart of …) comes first; --no-self-query: these are words like others',
  },
  hyde: {
    type: 'boolean',
    default: false,
    describe: 'collection: a chat model writes a passage that could answer, and the vectors are searched with it (HyDE)',
  },
  rewrites: {
    type: 'number',
    describe: 'collection: ways in which a chat model puts the query besides, 1 to 10; their rankings are fused',
  },
  'chat-model': { type: 'string', describe: 'what the endpoint of the chat model calls it; CEM_CHAT_MODEL unless given' },
  'chat-url': {
    type: 'string',
    describe: "the endpoint, of OpenAI's shape; OPENAI_BASE_URL unless given; its key is OPENAI_API_KEY",
  },
} as const;

/** @throws UsageError `CHAT_MODEL` where one is needed and none is named */
export function querySteps({ selfQuery, hyde, rewrites, chatModel, chatUrl }: QueryOptions): QuerySteps {
  if (!hyde && rewrites === undefined) return { selfQuery };
  return {
    selfQuery,
    ...(hyde && { expansion: 'passage' as const }),
    rewrites,
    chat: new OpenAiChatModel({ model: chatModel, baseUrl: chatUrl }),
  };
}

/** @throws UsageError `SEARCH_PLACE` for steps that only searches in collections take */
export function refuseSteps({ hyde, rewrites }: QueryOptions): void {
  if (!hyde && rewrites === undefined) return;
  throw new UsageError('SEARCH_PLACE', '--hyde and --rewrites are for collections: name one with --collection');
}
