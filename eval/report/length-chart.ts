import { figures } from './figures.ts';
import { type Html, html } from './html.ts';
import type { ReportRun } from './report-data.ts';
import { rowClass } from './style.ts';

/** Units of the drawing, about one CSS pixel where the page is narrow. */
const WIDTH = 360;
const HEIGHT = 210;
const LEFT = 34;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 40;
const STEPS = 4;
/** Units of the lengths along the bottom, where there is no room for a unit at each. */
const UNITS = [
  { unit: 'MB', bytes: 1e6 },
  { unit: 'kB', bytes: 1e3 },
  { unit: 'bytes', bytes: 1 },
];

/** nDCG@10 by length of the documents that had to be found, one curve a row. */
export function lengthChart({ by_document_length: groups, encoders }: ReportRun): Html {
  const rows = Object.keys(encoders);
  const highest = Math.max(...groups.flatMap(({ ndcg_at_10 }) => Object.values(ndcg_at_10)));
  // The next fifth above, so that the axis' steps are round.
  const top = Math.max(0.2, Math.ceil(highest * 5) / 5);
  const x = (group: number): number => LEFT + ((group + 0.5) * (WIDTH - LEFT - RIGHT)) / groups.length;
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const longest = Math.max(...groups.map(({ to_bytes }) => to_bytes));
  const scale = UNITS.find(({ bytes }) => longest >= bytes) ?? UNITS.at(-1)!;
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => (step * top) / STEPS);
  return html`<figure class="panel"><figcaption><b>nDCG@10 by document length</b></figcaption>
${legend(rows)}
<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="nDCG@10 by length of the relevant documents; the figures are in the table below">
${steps.map((value) => html`<path class="axis" d="M${at(LEFT)} ${at(y(value))}H${at(WIDTH - RIGHT)}"/><text class="tick" x="${at(LEFT - 5)}" y="${at(y(value) + 4)}" text-anchor="end">${value.toFixed(2)}</text>`)}
${groups.map(({ to_bytes }, group) => html`<text class="tick" x="${at(x(group))}" y="${at(HEIGHT - BOTTOM + 20)}" text-anchor="middle">${(to_bytes / scale.bytes).toPrecision(3)}</text>`)}
<text x="${at((LEFT + WIDTH - RIGHT) / 2)}" y="${at(HEIGHT - 4)}" text-anchor="middle">relevant documents up to (${scale.unit})</text>
${rows.map((row) => {
  const points = groups.map(({ ndcg_at_10 }, group) => ({ x: x(group), y: y(ndcg_at_10[row]!), value: ndcg_at_10[row]! }));
  return html`<g class="${rowClass(row)}"><path class="curve" d="M${points.map((point) => `${at(point.x)} ${at(point.y)}`).join('L')}"/>
${points.map((point) => mark(row, point.x, point.y, html` data-value="${String(point.value)}"`, html`<title>${row}: ${figures.score(point.value)}</title>`))}</g>`;
})}
</svg></figure>`;
}

/** Which marks and dashes are whose. */
function legend(rows: readonly string[]): Html {
  const entries = rows.map(
    (row) =>
      html`<li><svg viewBox="0 0 26 10" class="${rowClass(row)}" aria-hidden="true"><path class="curve" d="M0 5H26"/>${mark(row, 13, 5, html``, html``)}</svg>${row}</li>`,
  );
  return html`<ul class="legend">${entries}</ul>`;
}

/** A shape for each row, so that colour is not needed to tell them apart. */
function mark(row: string, x: number, y: number, attributes: Html, content: Html): Html {
  const shapes: Readonly<Record<string, string>> = {
    student: `M${at(x - 4)} ${at(y - 4)}h8v8h-8Z`,
    bm25: `M${at(x)} ${at(y - 5)}l5 9h-10Z`,
    random: `M${at(x)} ${at(y - 5)}l5 5l-5 5l-5 -5Z`,
  };
  const shape = shapes[row];
  if (shape === undefined) return html`<circle class="mark" cx="${at(x)}" cy="${at(y)}" r="4"${attributes}>${content}</circle>`;
  return html`<path class="mark" d="${shape}"${attributes}>${content}</path>`;
}

function at(position: number): string {
  return String(Math.round(10 * position) / 10);
}
