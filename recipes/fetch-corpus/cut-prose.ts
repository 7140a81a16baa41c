import { splitSentences } from '../../data/index.ts';
import type { CorpusLanguage } from './source.ts';

/**
 * Cuts prose into passages of about a length: whole paragraphs where they fit, else whole sentences. Line breaks inside a paragraph are wrapping. What is left at the end and is too short is
 * joined to the passage before.
 */
export function cutProse(text: string, { passageLength, shortestPassage, tag }: CorpusLanguage): string[] {
  const passages: string[] = [];
  let parts: string[] = [];
  let length = 0;
  const end = () => {
    if (length >= shortestPassage) passages.push(parts.join('\n'));
    else if (length > 0 && passages.length > 0 && length > 20) passages.push(`${passages.pop()}\n${parts.join('\n')}`);
    parts = [];
    length = 0;
  };
  const add = (part: string) => {
    if (length > 0 && length + part.length > 1.3 * passageLength) end();
    parts.push(part);
    length += part.length;
    if (length >= passageLength) end();
  };
  for (const paragraph of text.split(/\n\s*\n/)) {
    const whole = paragraph.replace(/\s*\n\s*/g, tag === 'zh' ? '' : ' ').trim();
    if (whole === '') continue;
    if (whole.length <= 1.3 * passageLength) add(whole);
    else for (const group of sentenceGroups(whole, passageLength, tag)) add(group);
  }
  end();
  return passages;
}

/** Sentences of a long paragraph, joined up to a length. */
function sentenceGroups(paragraph: string, longest: number, tag: CorpusLanguage['tag']): string[] {
  const groups: string[] = [];
  let group = '';
  for (const sentence of splitSentences(paragraph)) {
    if (group !== '' && group.length + sentence.length > longest) {
      groups.push(group);
      group = '';
    }
    group += (group === '' || tag === 'zh' ? '' : ' ') + sentence;
  }
  return group === '' ? groups : [...groups, group];
}
