import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { glyphText } from './glyph-text.ts';

/** An entry of a PDF's outline (its bookmarks). */
export interface OutlineEntry {
  readonly title: string;
  /** From 1. */
  readonly depth: number;
  /** Page it leads to, from 1. */
  readonly page: number;
}

/** Entries that are looked up; a book has some hundreds. */
const MOST_ENTRIES = 20_000;
const DEEPEST = 12;

type Node = { readonly title: string; readonly dest: string | unknown[] | null; readonly items: readonly Node[] };

/** A document's outline in its order; entries that lead to no page are left out, a malformed outline is none. */
export async function outlineOf(document: PDFDocumentProxy): Promise<OutlineEntry[]> {
  const entries: OutlineEntry[] = [];
  const nodes: { node: Node; depth: number }[] = [];
  const collect = (items: readonly Node[], depth: number): void => {
    for (const node of items) {
      if (nodes.length >= MOST_ENTRIES) return;
      nodes.push({ node, depth });
      if (depth < DEEPEST) collect(node.items ?? [], depth + 1);
    }
  };
  try {
    collect((await document.getOutline()) ?? [], 1);
    for (const { node, depth } of nodes) {
      const destination = typeof node.dest === 'string' ? await document.getDestination(node.dest) : node.dest;
      const reference: unknown = destination?.[0];
      let page: number | undefined;
      if (typeof reference === 'number') page = reference + 1;
      else if (typeof reference === 'object' && reference !== null)
        page = (await document.getPageIndex(reference as { num: number; gen: number })) + 1;
      const title = glyphText(node.title).trim();
      if (page !== undefined && title !== '') entries.push({ title, depth, page });
    }
  } catch {
    return entries;
  }
  return entries;
}
