import { messageOf } from '../../../base/index.ts';
import type { ChatMessage, ChatModel } from '../../chat/index.ts';
import { languageOf } from '../../queries/index.ts';
import type { AnswerLanguage } from '../answer/index.ts';

/** Turns that a follow-up question is read with, and characters of each. */
const TURNS = 6;
const CHARACTERS = 1000;
const MAX_TOKENS = 160;
/** A rewritten question is no longer, in UTF-16 units. */
const LONGEST = 1000;

const SYSTEM: Readonly<Record<AnswerLanguage, string>> = {
  en: 'Rewrite the last question of a conversation so that it can be understood without it: put in what "it", "they" or "there" stand for and what was left out, and keep everything else, the language too. A question that stands by itself stays as it is. Write the question alone.',
  zh: '请改写对话中的最后一个问题，使它脱离对话也能理解：把“它”“他们”“那里”等指代的内容和省略的部分补上，其余保持不变，语言也不变。本来就完整的问题原样保留。只输出这个问题。',
};

/**
 * Words that stand for what was said before. Those that stand for something of the same sentence as often ("the year that", "is there", 其他, 应该) count only where they cannot.
 */
const REFERS =
  /\b(?:it|its|they|them|their|he|she|his|her|him|this|these|those|former|latter)\b|\b(?:that|there|then|one|ones|same|else|more)\b(?=\s*(?:[?.!,;]|$))|^\s*(?:and|but|so|or|what about|how about)\b|[它她]|(?<!其)他|[这那](?!么)|其(?![他它余实中])|此(?!外)|(?<!应)该|上述|前者|后者|呢(?=\s*[？?]?\s*$)|^\s*(?:那么?|还有)/iu;
/** A question of fewer words says little by itself. */
const FEW_WORDS = 4;

/**
 * A question that follows others, as it stands without them: a chat model rewrites it; without one, and where it fails, what refers back is searched together with the question before it.
 *
 * @returns undefined where the question stands by itself as it is
 */
export async function standaloneQuestion(
  question: string,
  history: readonly ChatMessage[],
  {
    chat,
    signal,
    note,
  }: {
    readonly chat?: ChatModel | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly note?: ((line: string) => void) | undefined;
  },
): Promise<string | undefined> {
  const turns = history.filter(({ role }) => role !== 'system').slice(-TURNS);
  if (!turns.some(({ role }) => role === 'user')) return undefined;
  if (chat !== undefined) {
    try {
      return await rewritten(question, turns, chat, signal);
    } catch (error) {
      signal?.throwIfAborted();
      note?.(`the question could not be rewritten: ${messageOf(error)}`);
    }
  }
  const isShort = (question.match(/\p{Script=Han}{2}|[\p{L}\p{N}]+/gu)?.length ?? 0) < FEW_WORDS;
  if (!isShort && !REFERS.test(question)) return undefined;
  const before = turns.findLast(({ role }) => role === 'user')!.content.trim();
  return before === question.trim() ? undefined : `${before} ${question}`.slice(0, LONGEST);
}

async function rewritten(
  question: string,
  turns: readonly ChatMessage[],
  chat: ChatModel,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const said = turns.map(
    ({ role, content }) => `${role === 'user' ? 'Q' : 'A'}: ${content.slice(0, CHARACTERS).replace(/\s+/g, ' ')}`,
  );
  const messages: ChatMessage[] = [
    { role: 'system', content: SYSTEM[languageOf(question)] },
    { role: 'user', content: [...said, `Q: ${question}`].join('\n') },
  ];
  const answer = await chat.complete(messages, { maxTokens: MAX_TOKENS, signal });
  const line = answer
    .trim()
    .split('\n')[0]!
    .replace(/^Q:\s*/i, '')
    .replace(/^["“”]+|["“”]+$/g, '')
    .trim();
  return line === '' || line.length > LONGEST || line === question.trim() ? undefined : line;
}
