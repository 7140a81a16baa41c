import { figures } from './figures.ts';
import { type Html, html } from './html.ts';
import type { ReportRun } from './report-data.ts';

const WIDTH = 360;
const HEIGHT = 230;
const LEFT = 40;
const RIGHT = 26;
const TOP = 14;
const BOTTOM = 40;
const STEPS = 4;
/** Labels nearer than this, in either direction, would touch. */
const LABEL_WIDTH = 16;
const LABEL_HEIGHT = 13;

interface Point {
  readonly number: number;
  readonly run: ReportRun;
  readonly retention: number;
  readonly x: number;
  readonly y: number;
}

/** Storage saved against quality kept, one numbered point a run; undefined when no run has both. */
export function savingChart(runs: readonly ReportRun[]): Html | undefined {
  const known = runs.flatMap((run, index) =>
    run.retention === null ? [] : [{ run, number: index + 1, retention: run.retention }],
  );
  if (known.length === 0) return undefined;
  const right = Math.max(1, ...known.map(({ run }) => run.saving));
  const top = Math.max(1, ...known.map(({ retention }) => retention));
  const left = Math.min(0, ...known.map(({ run }) => run.saving));
  const x = (value: number): number => LEFT + ((value - left) / (right - left)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const points = known.map((point) => ({ ...point, x: x(point.run.saving), y: y(point.retention) }));
  const across = steps(left, right);
  const up = steps(0, top);
  return html`<figure class="panel narrow"><figcaption><b>Storage saving against retention</b> <span class="soft">(up and to the right is better)</span></figcaption>
<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="Storage saving against retention by run; the figures are in the overview table">
${up.map((value) => html`<path class="axis" d="M${at(LEFT)} ${at(y(value))}H${at(WIDTH - RIGHT)}"/><text class="tick" x="${at(LEFT - 5)}" y="${at(y(value) + 4)}" text-anchor="end">${percent(value)}</text>`)}
${across.map((value) => html`<path class="axis" d="M${at(x(value))} ${at(TOP)}V${at(HEIGHT - BOTTOM)}"/><text class="tick" x="${at(x(value))}" y="${at(HEIGHT - BOTTOM + 20)}" text-anchor="middle">${percent(value)}</text>`)}
<text x="${at((LEFT + WIDTH - RIGHT) / 2)}" y="${at(HEIGHT - 4)}" text-anchor="middle">storage saving (retention upward)</text>
${points.map(
  (point) =>
    html`<circle class="mark row-student" cx="${at(point.x)}" cy="${at(point.y)}" r="5" data-value="${String(point.run.saving)}"><title>${point.run.name}: saving ${figures.share(point.run.saving)}, retention ${figures.share(point.retention)}</title></circle>`,
)}
${labels(points).map(({ point, x: labelX, y: labelY }) => html`<text class="number" x="${at(labelX)}" y="${at(labelY)}">${String(point.number)}</text>`)}
</svg>
<ol class="legend">${runs.map(({ name }, index) => html`<li value="${String(index + 1)}"><a href="#run-${String(index + 1)}">${name}</a></li>`)}</ol></figure>`;
}

/** Where the points' numbers go: to the right of each, moved down as long as another is in the way. */
function labels(points: readonly Point[]): { point: Point; x: number; y: number }[] {
  const placed: { point: Point; x: number; y: number }[] = [];
  for (const point of [...points].sort((first, second) => first.y - second.y || first.x - second.x)) {
    const x = point.x + 8;
    let y = point.y + 4;
    const touched = (): { y: number } | undefined =>
      placed.find((other) => Math.abs(other.x - x) < LABEL_WIDTH && Math.abs(other.y - y) < LABEL_HEIGHT);
    for (let other = touched(); other !== undefined; other = touched()) y = other.y + LABEL_HEIGHT;
    placed.push({ point, x, y });
  }
  return placed;
}

function steps(from: number, to: number): number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => from + (step * (to - from)) / STEPS);
}

function percent(value: number): string {
  return `${Math.round(100 * value)}%`;
}

function at(position: number): string {
  return String(Math.round(10 * position) / 10);
}
