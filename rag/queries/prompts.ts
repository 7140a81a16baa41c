import type { ChatMessage } from '../chat/index.ts';
import { languageOf } from './query-language.ts';

/** What a chat model is asked to write for a query: a passage that could answer it (HyDE; Gao et al. 2022), or other words for what it asks. */
export type ExpansionKind = 'passage' | 'terms';

const EXPANSION: Readonly<Record<ExpansionKind, Readonly<Record<'en' | 'zh', string>>>> = {
  passage: {
    en: 'Write one passage of a document, three to five sentences, that answers the question below. Write as such a document is written, in the language of the question. Keep names, numbers and identifiers of the question as they are. If you do not know the answer, write what a passage with it would look like. Give the passage alone.',
    zh: '请写一段能够回答下面问题的文档原文，三到五句话。按照这类文档的文体写，使用问题所用的语言。问题中的名称、数字和标识符保持原样。如果不知道答案，就写出包含答案的段落大致的样子。只输出这段文字。',
  },
  terms: {
    en: 'List words and short phrases that a document which answers the question below is likely to contain and that the question does not: synonyms, technical terms, full forms of abbreviations. At most fifteen, separated by commas, in the language of the question. Give the list alone.',
    zh: '请列出回答下面问题的文档中可能出现、而问题中没有的词语和短语：同义词、专业术语、缩写的全称。最多十五个，用逗号分隔，使用问题所用的语言。只输出这些词语。',
  },
};

const REWRITES: Readonly<Record<'en' | 'zh', (count: number) => string>> = {
  en: (count) =>
    `Rewrite the search query below in ${count} different ways that ask for the same thing: other words, another point of view, one part of it. Keep names, numbers and identifiers as they are, and the language of the query. Answer with a JSON object {"queries": ["…"]} and nothing else.`,
  zh: (count) =>
    `请把下面的检索问题改写成 ${count} 个意思相同的不同说法：换用其他词语、换一个角度，或只问其中一部分。名称、数字和标识符保持原样，语言与原问题一致。只输出一个 JSON 对象 {"queries": ["…"]}，不要输出其他内容。`,
};

/** The conversation that asks for an expansion of a query, in its language. */
export function expansionMessages(query: string, kind: ExpansionKind): ChatMessage[] {
  return asked(EXPANSION[kind][languageOf(query)], query);
}

/** The conversation that asks for other ways to put a query, in its language. */
export function rewriteMessages(query: string, count: number): ChatMessage[] {
  return asked(REWRITES[languageOf(query)](count), query);
}

function asked(instruction: string, query: string): ChatMessage[] {
  return [
    { role: 'system', content: instruction },
    { role: 'user', content: query },
  ];
}
