/** The shapes of OpenAI's API: embeddings, chat completions over a collection, models, so that its clients work here. */
export type { OpenAiServices } from './openai-services.ts';
export { registerOpenAi } from './register-openai.ts';
