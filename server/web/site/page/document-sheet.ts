import type { ApiClient } from './api-client.ts';
import { markQuote } from './byte-span.ts';
import { makeFailure } from './failure-notice.ts';
import { picturesOf, type ShowFigure } from './figure-view.ts';
import { make, makeButton } from './make.ts';
import { headingPath, makePlace, pagesOf, titleOf } from './place.ts';
import { makeCloseButton, openDialog } from './small-dialog.ts';
import type { ByteRange, WireDocumentWithTexts, WireMetadata, WireUnit } from './wire.ts';

// Code of the page: see site-script.ts.

/** Units that are shown before and after the one that is opened; more of them on demand. */
export const UNITS_AROUND = 40;

/** What is opened: a unit, and where there is a quote, its words and place there. */
export interface Opening {
  readonly collection: string;
  /** D-N; without one the document is opened at its beginning. */
  readonly unit?: string;
  readonly document?: string;
  readonly quote?: string;
  readonly span?: ByteRange;
  readonly metadata: WireMetadata;
}

/** A document over the page, with the quoted passage marked in the midst of it. */
export class DocumentSheet {
  readonly #api: ApiClient;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  async open(opening: Opening): Promise<void> {
    const { unit: unitId, metadata } = opening;
    const title = make('h2', { text: titleOf(metadata, unitId ?? opening.document ?? ''), attributes: { id: 'sheet-title' } });
    const place = make('div', {}, makePlace(metadata));
    const body = make(
      'div',
      { class: 'sheet-body', label: 'sheet.text', attributes: { tabindex: '0', role: 'region', 'aria-busy': 'true' } },
      make('p', { class: 'soft', say: 'sheet.loading' }),
    );
    const head = make('header', {}, make('div', {}, title, place), makeCloseButton());
    const dialog = openDialog('sheet', 'sheet-title', head, body);
    const left = new AbortController();
    dialog.addEventListener('close', () => left.abort());
    try {
      const units = await this.#unitsOf(opening, left.signal, (unit) => {
        // What is known of the unit itself may be more than the result said.
        title.textContent = titleOf({ ...metadata, ...unit }, unit.id);
        place.replaceChildren(makePlace({ ...metadata, ...unit }));
      });
      const at = Math.max(
        0,
        units.findIndex(({ id }) => id === unitId),
      );
      const mark = drawUnits(body, units, at, opening, picturesOf(this.#api, opening.collection));
      body.removeAttribute('aria-busy');
      (mark ?? body).focus({ preventScroll: true });
      mark?.scrollIntoView({ block: 'center' });
    } catch (error) {
      if (!left.signal.aborted) body.replaceChildren(makeFailure(error));
    }
  }

  /** The units of the whole document; of one that is too large to be had, or may not be had, the one unit. */
  async #unitsOf(
    { collection, unit: unitId, document: id }: Opening,
    signal: AbortSignal,
    onUnit: (unit: WireUnit) => void,
  ): Promise<readonly WireUnit[]> {
    const base = `v1/collections/${encodeURIComponent(collection)}`;
    const textsOf = async (document: string) =>
      (await this.#api.ask<WireDocumentWithTexts>(`${base}/documents/${encodeURIComponent(document)}`, { signal })).texts;
    if (unitId === undefined) return textsOf(id!);
    const unit = await this.#api.ask<WireUnit>(`${base}/units/${encodeURIComponent(unitId)}`, { signal });
    onUnit(unit);
    try {
      const units = await textsOf(unit.document);
      return units.some((one) => one.id === unitId) ? units : [unit];
    } catch (error) {
      if (signal.aborted) throw error;
      return [unit];
    }
  }
}

/** Draws units around one of them. Returns what was quoted there, or the unit itself where nothing was, for the eye to go to. */
export function drawUnits(
  body: HTMLElement,
  units: readonly WireUnit[],
  at: number,
  opening: Opening,
  pictures: ShowFigure,
): HTMLElement | undefined {
  let target: HTMLElement | undefined;
  let heads = '';
  const draw = (unit: WireUnit, index: number) => {
    const section = make('section', { class: 'unit' });
    const path = [headingPath(unit), pagesOf(unit)].filter((part) => part !== undefined).join(' · ');
    if (path !== '' && path !== heads) section.append(make('p', { class: 'unit-place', text: path }));
    heads = path;
    const text = make('p', { class: 'unit-text' });
    const wanted = index === at && opening.unit !== undefined;
    const marked = wanted ? markQuote(unit.text, opening.quote ?? '', opening.span) : undefined;
    if (marked === undefined) {
      text.textContent = unit.text;
    } else {
      const mark = make('mark', { text: marked[1], attributes: { tabindex: '-1' } });
      text.append(marked[0], mark, marked[2]);
      target = mark;
    }
    if (wanted) {
      section.classList.add('cited');
      if (target === undefined) {
        section.tabIndex = -1;
        target = section;
      }
    }
    section.append(...[pictures(unit.id, unit.figure)].filter((picture) => picture !== undefined), text);
    return section;
  };
  const from = Math.max(0, at - UNITS_AROUND);
  const to = Math.min(units.length, at + UNITS_AROUND + 1);
  const shown = units.slice(from, to).map((unit, i) => draw(unit, from + i));
  body.replaceChildren(
    ...moreUnits('sheet.earlier', units.slice(0, from), (unit) => draw(unit, -1)),
    ...shown,
    ...moreUnits('sheet.later', units.slice(to), (unit) => draw(unit, -1)),
  );
  return target;
}

/** A button that is replaced by the units that it stands for; nothing where there are none. */
export function moreUnits(
  key: 'sheet.earlier' | 'sheet.later',
  units: readonly WireUnit[],
  draw: (unit: WireUnit) => HTMLElement,
): HTMLElement[] {
  if (units.length === 0) return [];
  const button = makeButton({ class: 'more', say: key, values: { n: units.length } });
  button.addEventListener('click', () => {
    const sections = units.map(draw);
    button.replaceWith(...sections);
    sections[0]!.tabIndex = -1;
    sections[0]!.focus({ preventScroll: key === 'sheet.earlier' });
  });
  return [button];
}
