/** Language models that answer conversations: the interface, endpoints of OpenAI's shape, GGUF files in this process, and a cache. */
export { CachedChatModel } from './cached-chat-model.ts';
export {
  type AnswerSchema,
  type ChatMessage,
  type ChatModel,
  type ChatOptions,
  type ChatTokens,
  type ChatUsage,
  streamChat,
} from './chat-model.ts';
export { LlamaChatModel, type LlamaChatOptions } from './llama-chat-model.ts';
export { OpenAiChatModel, type OpenAiChatOptions } from './openai-chat-model.ts';
