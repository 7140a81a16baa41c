import { figures } from './figures.ts';
import { Html, html } from './html.ts';

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
/** Two numbers a whole height apart do not touch, however their sum was rounded. */
const ROUNDING = 1e-6;
const DIGIT_WIDTH = 7;
const LEGEND_LINE = 16;
const MARK_RADIUS = 5;
/** Colours of the report's page (style.ts), for a picture that has no page. */
const PICTURE_STYLE =
  'text{font:11px system-ui,sans-serif;fill:#55606c}.number{fill:#1c232b;font-weight:600}.ground{fill:#fff}.axis{stroke:#d5dae0;fill:none}.mark{fill:#c2500a;stroke:#fff}' +
  '@media(prefers-color-scheme:dark){text{fill:#a9b4bf}.number{fill:#e8edf2}.ground{fill:#14181d}.axis{stroke:#38424d}.mark{fill:#f39a5a;stroke:#14181d}}';

/** What a point of the chart stands for. */
export interface SavingPoint {
  readonly name: string;
  /** Share of the text's bytes that is not stored. */
  readonly saving: number;
  /** Null: not drawn. */
  readonly retention: number | null;
}

interface Point {
  readonly number: number;
  readonly run: SavingPoint;
  readonly retention: number;
  readonly x: number;
  readonly y: number;
}

/** Storage saved against quality kept, one numbered point a run; undefined when no run has both. */
export function savingChart(runs: readonly SavingPoint[]): Html | undefined {
  const marks = plot(runs);
  if (marks === undefined) return undefined;
  return html`<figure class="panel narrow"><figcaption><b>Storage saving against retention</b> <span class="soft">(up and to the right is better)</span></figcaption>
<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="Storage saving against retention by run; the figures are in the overview table">
${marks}
</svg>
<ol class="legend">${runs.map(({ name }, index) => html`<li value="${String(index + 1)}"><a href="#run-${String(index + 1)}">${name}</a></li>`)}</ol></figure>`;
}

/** The same as a picture by itself, with the names below; it needs no page. Without a point that has both, an empty plot. */
export function savingPicture(points: readonly SavingPoint[]): string {
  const height = HEIGHT + LEGEND_LINE * (points.length + 1);
  const names = points.map(
    ({ name, saving, retention }, index) =>
      html`<text x="${at(LEFT)}" y="${at(HEIGHT + LEGEND_LINE * (index + 1))}">${String(index + 1)}  ${name}: saving ${figures.share(saving)}, retention ${retention === null ? '–' : figures.share(retention)}</text>\n`,
  );
  return `${
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" width="${String(2 * WIDTH)}" role="img" aria-label="Storage saving against retention"><style>${new Html(PICTURE_STYLE)}</style>
<rect class="ground" width="${String(WIDTH)}" height="${String(height)}"/>
${plot(points) ?? new Html('')}
${names}</svg>`.source
  }\n`;
}

/** Axes, marks and numbers. */
function plot(runs: readonly SavingPoint[]): Html | undefined {
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
  return html`${up.map((value) => html`<path class="axis" d="M${at(LEFT)} ${at(y(value))}H${at(WIDTH - RIGHT)}"/><text class="tick" x="${at(LEFT - 5)}" y="${at(y(value) + 4)}" text-anchor="end">${percent(value)}</text>`)}
${across.map((value) => html`<path class="axis" d="M${at(x(value))} ${at(TOP)}V${at(HEIGHT - BOTTOM)}"/><text class="tick" x="${at(x(value))}" y="${at(HEIGHT - BOTTOM + 20)}" text-anchor="middle">${percent(value)}</text>`)}
<text x="${at((LEFT + WIDTH - RIGHT) / 2)}" y="${at(HEIGHT - 4)}" text-anchor="middle">storage saving (retention upward)</text>
${points.map(
  (point) =>
    html`<circle class="mark row-student" cx="${at(point.x)}" cy="${at(point.y)}" r="${String(MARK_RADIUS)}" data-value="${String(point.run.saving)}"><title>${point.run.name}: saving ${figures.share(point.run.saving)}, retention ${figures.share(point.retention)}</title></circle>`,
)}
${labels(points).map(({ point, x: labelX, y: labelY }) => html`<text class="number" x="${at(labelX)}" y="${at(labelY)}">${String(point.number)}</text>`)}`;
}

/** Where the points' numbers go: to the right of each or, where another number or point is in the way, to the left, else further down on the right. */
function labels(points: readonly Point[]): { point: Point; x: number; y: number }[] {
  const placed: { point: Point; x: number; y: number }[] = [];
  for (const point of [...points].sort((first, second) => first.y - second.y || first.x - second.x)) {
    const marks = points.filter((other) => other !== point).map((other) => ({ x: other.x - MARK_RADIUS, y: other.y + 4 }));
    const touched = (x: number, y: number): { y: number } | undefined =>
      [...placed, ...marks].find(
        (other) => Math.abs(other.x - x) < LABEL_WIDTH && Math.abs(other.y - y) < LABEL_HEIGHT - ROUNDING,
      );
    const right = point.x + 8;
    const left = point.x - 8 - DIGIT_WIDTH * String(point.number).length;
    let y = point.y + 4;
    const x = touched(right, y) === undefined || touched(left, y) !== undefined ? right : left;
    for (let other = touched(x, y); other !== undefined; other = touched(x, y)) y = other.y + LABEL_HEIGHT;
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
