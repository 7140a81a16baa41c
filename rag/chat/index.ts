/** Language models that answer conversations: the interface, endpoints of OpenAI's shape, and a cache. */
export { CachedChatModel } from './cached-chat-model.ts';
export type { ChatMessage, ChatModel, ChatOptions } from './chat-model.ts';
export { OpenAiChatModel, type OpenAiChatOptions } from './openai-chat-model.ts';
