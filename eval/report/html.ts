import { type FigureFormat, figures } from './figures.ts';

/** HTML that may be put into a page as it is. */
export class Html {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

type Part = string | Html | readonly Html[];

/** HTML with texts in it: what is not `Html` is escaped. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const sources = parts.map((part) => {
    if (part instanceof Html) return part.source;
    return typeof part === 'string' ? escapeText(part) : part.map(({ source }) => source).join('');
  });
  return new Html(String.raw({ raw: strings }, ...sources));
}

/** A figure as people read it, with the number itself beside it: where it comes from can be checked by a program. */
export function figure(value: number | null, format: FigureFormat): Html {
  return value === null ? html`–` : html`<data value="${String(value)}">${figures[format](value)}</data>`;
}

/** A table that scrolls by itself where the page is narrow. The first cell of a row is its heading. */
export function table(caption: string, header: readonly (string | Html)[], rows: readonly (readonly (string | Html)[])[]): Html {
  return html`<div class="scroll"><table><caption>${caption}</caption>
<thead><tr>${header.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(([first = '', ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

function escapeText(text: string): string {
  const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
