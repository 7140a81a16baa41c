import type uPlot from 'uplot';
import { formatSeconds, formatValue, type Panel } from './panels.ts';
import { type RunLook, swatchOf } from './run-look.ts';

// Code of the page: see panels.ts.

/** A run's curve of one quantity. */
export interface Curve {
  readonly run: string;
  readonly look: RunLook;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Drawn in place of the values, which stay behind it, pale. */
  readonly smooth: readonly number[] | undefined;
}

export interface ChartStyle {
  readonly axis: 'step' | 'seconds';
  readonly logarithmic: boolean;
}

/** Position of the value next to a number among ascending ones; -1 where there is none. */
export function nearest(ascending: readonly number[], wanted: number): number {
  let from = 0;
  let to = ascending.length - 1;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ascending[middle]! < wanted) from = middle + 1;
    else to = middle;
  }
  return from > 0 && wanted - ascending[from - 1]! <= ascending[from]! - wanted ? from - 1 : Math.min(from, ascending.length - 1);
}

/** One chart with its title and the values under the cursor. */
export class Chart {
  readonly element: HTMLElement;
  readonly #library: typeof uPlot;
  readonly #panel: Panel;
  readonly #onStep: (x: number) => void;
  readonly #readout: HTMLElement;
  readonly #host: HTMLElement;
  readonly #resizes: ResizeObserver;
  #plot: uPlot | undefined;
  /** What a plot has to be made anew for. */
  #shape = '';
  #curves: readonly Curve[] = [];
  #axis: ChartStyle['axis'] = 'step';

  /** @param onStep told where the reader went with the keyboard, a value of the horizontal axis: all charts are to `moveTo` there */
  constructor(library: typeof uPlot, panel: Panel, onStep: (x: number) => void) {
    this.#onStep = onStep;
    this.#library = library;
    this.#panel = panel;
    this.element = document.createElement('figure');
    const title = document.createElement('h3');
    title.textContent = panel.title;
    this.#readout = document.createElement('p');
    this.#readout.className = 'readout';
    this.#host = document.createElement('div');
    this.#host.className = 'plot';
    this.#host.setAttribute('role', 'img');
    this.#host.tabIndex = 0;
    this.element.append(title, this.#readout, this.#host);
    this.#host.addEventListener('keydown', (event) => this.#onKey(event));
    // The values are read aloud to who steps through them, and to nobody while they change by themselves.
    this.#host.addEventListener('focus', () => this.#readout.setAttribute('aria-live', 'polite'));
    this.#host.addEventListener('blur', () => this.#readout.removeAttribute('aria-live'));
    this.#resizes = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resizes.observe(this.#host);
  }

  /** The plot; undefined while there is nothing to draw. */
  get plot(): uPlot | undefined {
    return this.#plot;
  }

  draw(curves: readonly Curve[], style: ChartStyle): void {
    this.#curves = curves;
    this.#axis = style.axis;
    const last = curves.map(({ run, y }) => `${run} ${formatValue(y.at(-1)!, this.#panel.unit)}`);
    this.#host.setAttribute('aria-label', `${this.#panel.title}: ${last.join(', ') || 'not measured'}`);
    if (curves.length === 0) {
      this.#plot?.destroy();
      this.#plot = undefined;
      this.#readout.textContent = 'not measured by the runs that are shown';
      return;
    }
    const tables = curves.map(({ x, y, smooth }) => (smooth === undefined ? [x, y] : [x, y, smooth]));
    const data = this.#library.join(tables as unknown as uPlot.AlignedData[]);
    // Colours depend on the scheme, so they tell one from the other.
    const colours = getComputedStyle(document.documentElement);
    const colour = (name: string) => colours.getPropertyValue(name).trim();
    const shape = JSON.stringify([style, colour('--ground'), curves.map((curve) => [curve.run, curve.smooth !== undefined])]);
    if (this.#plot === undefined || shape !== this.#shape) {
      this.#plot?.destroy();
      this.#plot = new this.#library(this.#options(style, colour), data, this.#host);
      this.#shape = shape;
    } else {
      this.#update(this.#plot, data);
    }
    this.#read(this.#plot.cursor.idx ?? undefined);
  }

  /** Puts the cursor next to a value of the horizontal axis. */
  moveTo(x: number): void {
    this.#plot?.setCursor({ left: this.#plot.valToPos(x, 'x'), top: 0 });
  }

  /** Takes the chart off the page. */
  remove(): void {
    this.#plot?.destroy();
    this.#resizes.disconnect();
    this.element.remove();
  }

  /** New values under the same curves; a part that was zoomed into stays. */
  #update(plot: uPlot, data: uPlot.AlignedData): void {
    const { min = 0, max = 0 } = plot.scales['x']!;
    const before = plot.data[0];
    const zoomed = min > before[0]! || max < before.at(-1)!;
    plot.setData(data, !zoomed);
    if (zoomed) plot.redraw();
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(200, this.#host.clientWidth), height: 220 };
  }

  #options(style: ChartStyle, colour: (name: string) => string): uPlot.Options {
    const { unit, loss } = this.#panel;
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
    };
    const formatX = (value: number) => (style.axis === 'step' ? value.toLocaleString('en') : formatSeconds(value));
    // Round numbers of seconds, minutes, hours and days.
    const ticks = [1, 2, 5, 10, 20, 30].flatMap((count) => [count, 60 * count]);
    const hours = [1, 2, 4, 6, 12, 24, 48, 96, 240, 480].map((count) => 3600 * count);
    const round = style.axis === 'step' ? {} : { incrs: [0.01, 0.1, ...ticks, ...hours].sort((a, b) => a - b) };
    const series = this.#curves.flatMap((curve): uPlot.Series[] => {
      const stroke = colour(`--run-${curve.look.colour}`);
      const line = { label: curve.run, stroke, width: 1.5, dash: [...curve.look.dash], spanGaps: true };
      return curve.smooth === undefined ? [line] : [{ ...line, stroke: `${stroke}50`, width: 1 }, line];
    });
    return {
      ...this.#size(),
      scales: { x: { time: false }, y: style.logarithmic && loss ? { distr: 3 } : {} },
      axes: [
        { ...axis, size: 34, space: 70, ...round, values: (_, splits) => splits.map(formatX) },
        { ...axis, size: 62, values: (_, splits) => splits.map((value) => (value == null ? '' : formatValue(value, unit))) },
      ],
      series: [{}, ...series],
      legend: { show: false },
      // One cursor and one zoom for all charts.
      cursor: { sync: { key: 'runs', setSeries: false }, drag: { x: true, y: false } },
      hooks: { setCursor: [(plot) => this.#read(plot.cursor.idx ?? undefined)] },
    };
  }

  /** Shows the values at a position of the plot; the last ones without a position. */
  #read(position: number | undefined): void {
    const x = position === undefined ? undefined : this.#plot?.data[0][position];
    const where = x === undefined ? 'last' : this.#axis === 'step' ? `step ${x}` : formatSeconds(x);
    const values = this.#curves.map((curve) => {
      const at = x === undefined ? curve.y.length - 1 : nearest(curve.x, x);
      const value = document.createElement('span');
      value.append(swatchOf(curve.look), `${curve.run} ${formatValue((curve.smooth ?? curve.y)[at]!, this.#panel.unit)}`);
      return value;
    });
    this.#readout.replaceChildren(`${where}:`, ...values);
  }

  #onKey(event: KeyboardEvent): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const x = plot.data[0];
    const now = plot.cursor.idx ?? x.length - 1;
    const last = x.length - 1;
    const wanted = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (wanted === undefined) return;
    event.preventDefault();
    const position = Math.min(last, Math.max(0, wanted));
    this.#onStep(x[position]!);
  }
}
