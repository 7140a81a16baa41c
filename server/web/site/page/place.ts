import { make } from './make.ts';
import type { WireMetadata } from './wire.ts';
import { word } from './wording.ts';

// Code of the page: see site-script.ts.

/** Pages as people write them; undefined where there are none. */
export function pagesOf({ pages }: WireMetadata): string | undefined {
  if (pages === undefined) return undefined;
  const { first, last = first } = pages;
  return first === last ? word('place.page', { page: first }) : word('place.pages', { first, last });
}

/** The heads above a passage, outermost first. */
export function headingPath({ headings }: WireMetadata): string | undefined {
  const heads = (headings ?? []).filter((heading) => heading.trim() !== '');
  return heads.length === 0 ? undefined : heads.join(' › ');
}

/** What law, chapter and article are, and the like; what a figure is shown by is not said in words. */
export function fieldsOf({ fields }: WireMetadata): string[] {
  const isShown = (name: string): boolean => /^(?:figure_|chunk_type$|vector_type$)/.test(name);
  return Object.entries(fields ?? {}).flatMap(([name, value]) =>
    ['string', 'number', 'boolean'].includes(typeof value) && !isShown(name) ? [`${name}: ${String(value)}`] : [],
  );
}

/** The name of what a passage comes from. */
export function titleOf({ title, source }: WireMetadata, id: string): string {
  return title?.trim() || source?.split('/').at(-1) || id;
}

/** Where a passage stands: path, pages, heads. */
export function makePlace(metadata: WireMetadata): HTMLElement {
  const source = metadata.source === undefined ? undefined : make('span', { class: 'path', text: metadata.source });
  const parts = [pagesOf(metadata), headingPath(metadata)].filter((part) => part !== undefined);
  return make('p', { class: 'place' }, source, ...parts.map((text) => make('span', { text })));
}
