/** Reads with a chat model: prompt, answer and citations, each held against what was read. */
export { ChatReader, type ChatReaderOptions } from './chat-reader.ts';
export type { ReadingForm } from './reading-prompt.ts';
