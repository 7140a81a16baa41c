import type { DocumentsChange } from '../../../recipes/collections/index.ts';

/** Sources that a step changes: each part its own, so that what is there tells which parts counted. */
const PARTS = 3;

export const sourceOf = (step: number, part: number): string => `part${part}-${step % 4}.txt`;
const textOf = (step: number, part: number): string => `The beacon of step ${step}, part ${part}.`;

/** The changes of a step, which are made at the same time: each part puts a document, and takes away the one that it put two steps before. */
export function changesAt(step: number): DocumentsChange[] {
  return Array.from({ length: PARTS }, (_, part) => ({
    put: [{ source: sourceOf(step, part), content: textOf(step, part) }],
    ...(step >= 2 && { remove: [{ source: sourceOf(step - 2, part) }] }),
  }));
}

/** What a part has put when its changes up to a step count, by source. */
export function contentOf(part: number, step: number): Map<string, string> {
  const content = new Map<string, string>();
  for (let at = Math.max(0, step - 1); at <= step; at++) content.set(sourceOf(at, part), textOf(at, part));
  return content;
}

export const PART_NUMBERS = Array.from({ length: PARTS }, (_, part) => part);
