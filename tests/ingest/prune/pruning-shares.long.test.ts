import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import {
  type Block,
  DynamicUnitPruner,
  pruneByClassifier,
  pruneByRules,
  sentencesOf,
  type TokenCounter,
} from '../../../ingest/index.ts';
import { HELD_OUT_NOISE } from './noise-lines.ts';

/**
 * What the stages of pruning leave out, and what it costs (S1-13: rules 20 to 30% for 2 points, with a light model 40 to 50% for 1, with a language model 60 to 70% for half a point). Pages are made of the paragraphs of XQuAD, a
 * sentence a block, with lines around them as pages have them; a question's precision is whether its answer still stands in the text. The third stage needs a chat model, and is not measured.
 */
const test = suite('shares of pruning');

const FILE = fileURLToPath(new URL('../../../../shared/data/xquad-qa/en.json', import.meta.url));
const words: TokenCounter = { name: 'words', count: (text) => text.match(/\S+/g)?.length ?? 0 };

/** Lines that rules know. */
const FURNITURE = [
  'Home > Products > Library',
  'Skip to main content',
  'Next page',
  'Previous page',
  'Copyright 2026 Example Ltd. All rights reserved.',
  'Home | Search | Login | Register | Contact us',
  'Page 3 of 12',
  'Back to top',
  'Print this page | Share | Sitemap',
] as const;

interface Page {
  readonly blocks: readonly Block[];
  readonly questions: readonly { readonly text: string; readonly answers: readonly string[] }[];
}

interface Squad {
  readonly data: readonly {
    readonly paragraphs: readonly {
      readonly context: string;
      readonly qas: readonly { readonly question: string; readonly answers: readonly { readonly text: string }[] }[];
    }[];
  }[];
}

function pages(): Page[] {
  const random = new RandomNumbers(1, 'pages');
  const noise = Object.values(HELD_OUT_NOISE).flat();
  const block = (text: string): Block => ({ kind: 'paragraph', text, headings: [] });
  const pick = (lines: readonly string[], count: number) =>
    Array.from({ length: count }, () => block(lines[random.integer(lines.length)]!));
  const { data } = JSON.parse(readFileSync(FILE, 'utf8')) as Squad;
  return data.flatMap(({ paragraphs }) =>
    paragraphs.map(({ context, qas }) => ({
      // A header, a footer and what stands beside the text.
      blocks: [
        ...pick(FURNITURE, 6),
        ...pick(noise, 3),
        ...sentencesOf(context).map(block),
        ...pick(noise, 4),
        ...pick(FURNITURE, 4),
      ],
      questions: qas.map(({ question, answers }) => ({ text: question, answers: answers.map(({ text }) => text) })),
    })),
  );
}

const textOf = (blocks: readonly Block[]): string => blocks.map(({ text }) => text).join('\n\n');

if (!existsSync(FILE)) console.log('skipped: shares of pruning (no ../shared/data/xquad-qa)');
else
  test('XQuAD in English: what each stage leaves out, and how many answers still stand in the text', async () => {
    const stages = { rules: { left: 0, held: 0 }, light: { left: 0, held: 0 } };
    let [before, asked] = [0, 0];
    for (const { blocks, questions } of pages()) {
      const whole = textOf(blocks);
      const ruled = pruneByRules({ blocks: [...blocks] }).document;
      const text = textOf(pruneByClassifier(ruled).document.blocks);
      for (const { text: question, answers } of questions) {
        const holds = (kept: string): number => (answers.some((answer) => kept.includes(answer)) ? 1 : 0);
        if (holds(whole) === 0) continue;
        const target = Math.max(16, Math.floor(0.64 * words.count(whole)));
        const light = await new DynamicUnitPruner(words, { targetTokens: target }).prune(text, question);
        asked += 1;
        before += whole.length;
        stages.rules.left += textOf(ruled.blocks).length;
        stages.rules.held += holds(textOf(ruled.blocks));
        stages.light.left += light.text.length;
        stages.light.held += holds(light.text);
      }
    }
    const figures = Object.entries(stages).map(([name, { left, held }]) => ({
      name,
      compression: 1 - left / before,
      lost: 100 * (1 - held / asked),
    }));
    for (const { name, compression, lost } of figures)
      console.log(`${name}: ${(100 * compression).toFixed(1)}% left out, ${lost.toFixed(2)} points of ${asked} answers lost`);
    const [rules, light] = figures;
    // How much rules find is a matter of the pages: 17.5% of these.
    assert.ok(rules!.compression >= 0.15 && rules!.lost <= 2);
    assert.ok(light!.compression >= 0.4 && light!.lost <= 1);
  });

test.run();
