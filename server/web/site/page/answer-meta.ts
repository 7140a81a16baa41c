import { copyText } from './copy-text.ts';
import { makeIcon } from './icons.ts';
import { make, makeButton } from './make.ts';
import { pagesOf, titleOf } from './place.ts';
import type { StringKey } from './strings.ts';
import type { WireAnswer } from './wire.ts';
import { formatMilliseconds, formatShare, say } from './wording.ts';

// Code of the page: see site-script.ts.

/** Names of the stages that are known; others are shown as the server calls them. */
export const STAGE_NAMES: Readonly<Record<string, StringKey>> = {
  retrieve: 'stage.retrieve',
  rerank: 'stage.rerank',
  read: 'stage.read',
  rewrite: 'stage.rewrite',
  encode: 'stage.encode',
  search: 'stage.search',
  texts: 'stage.texts',
  total: 'stage.total',
};

/** How long each stage took. */
export function makeTimings(timings: Readonly<Record<string, number>>): HTMLElement {
  const rows = Object.entries(timings).map(([name, milliseconds]) => {
    // As `retrieve_ms`, or without the unit.
    const stage = name.replace(/_?ms$/i, '');
    const key = STAGE_NAMES[stage];
    const term = key === undefined ? make('dt', { text: stage }) : make('dt', { say: key });
    return make('div', {}, term, make('dd', { text: formatMilliseconds(milliseconds) }));
  });
  return make('dl', { class: 'timings', label: 'answer.timings' }, ...rows);
}

/** The line below an answer: how sure it is, how long it took, what read it; and a button that copies it. */
export function makeAnswerMeta(answer: WireAnswer): HTMLElement {
  const { confidence, timings, model, dropped = 0, answered } = answer;
  const facts = make('p', { class: 'facts' });
  if (answered && confidence !== undefined) {
    const bar = make('span', { class: 'bar', attributes: { 'aria-hidden': 'true' } });
    bar.style.setProperty('--share', String(Math.min(1, Math.max(0, confidence))));
    const text = make('span', { say: 'answer.confidence', values: { share: formatShare(confidence) } });
    facts.append(make('span', { class: 'confidence' }, bar, text));
  }
  if (model !== undefined) facts.append(make('span', { text: model }));
  if (dropped > 0) facts.append(make('span', { say: 'answer.dropped', values: { n: dropped } }));
  const copied = make('span', { say: 'answer.copy' });
  const icon = make('span', { class: 'slot' }, makeIcon('copy'));
  const copy = makeButton({ class: 'quiet' }, icon, copied);
  copy.addEventListener('click', async () => {
    const done = await copyText(plainAnswer(answer));
    say(copied, done ? 'answer.copied' : 'answer.notCopied');
    if (done) icon.replaceChildren(makeIcon('done'));
  });
  return make(
    'footer',
    { class: 'answer-meta' },
    facts,
    timings === undefined ? undefined : makeTimings(timings),
    make('div', { class: 'actions' }, copy),
  );
}

/** An answer with its citations, as text for other programs. */
export function plainAnswer({ answer, citations }: WireAnswer): string {
  const lines = citations.map((citation) => {
    const place = [titleOf(citation, citation.document), citation.source, pagesOf(citation)];
    return `[${citation.number}] ${[...new Set(place.filter((part) => part !== undefined))].join(', ')}`;
  });
  return [answer.trim(), ...(lines.length === 0 ? [] : ['', ...lines])].join('\n');
}
