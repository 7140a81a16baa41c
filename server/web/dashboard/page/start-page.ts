import type uPlot from 'uplot';
import type { Refusal, RunState, RunsAnswer, SeriesAnswer } from './answers.ts';
import { Chart, type ChartStyle, type Curve } from './chart.ts';
import { Controls } from './controls.ts';
import { formatValue, type Panel, panelsFor } from './panels.ts';
import { runLook } from './run-look.ts';
import { type RunRow, RunTable } from './run-table.ts';

// Code of the page: see panels.ts.

/** Starts the page: asks the server again and again how the runs stand, and draws what is new. The charts are at hand as `charts` in the browser's console. */
export function startPage(library: typeof uPlot): void {
  const pollMilliseconds = 1000;
  /** A first look at a folder of many runs shows those that were written last. */
  const shownAtFirst = 12;

  const find = <Kind extends HTMLElement>(selector: string) => document.querySelector<Kind>(selector)!;
  const status = find('#status');
  const controls = new Controls(find<HTMLFormElement>('#controls'), change);
  const { hidden } = controls;
  const table = new RunTable(find('#runs tbody'), (id, shown) => {
    if (shown) hidden.delete(id);
    else hidden.add(id);
    controls.keep();
    change();
  });

  let runs: readonly RunState[] = [];
  /** Place of a run in the order of first sight: it keeps its colour whatever comes and goes. */
  const places = new Map<string, number>();
  const answers = new Map<string, { readonly key: string; readonly answer: SeriesAnswer }>();
  const charts = new Map<string, Chart>();
  /** What was drawn last: the panels, and all that came from the server. */
  let layout = '';
  let drawn = '';
  Object.assign(globalThis, { charts });

  const ask = async <Answer>(path: string) => (await (await fetch(path)).json()) as Answer | Refusal;

  /** Only what differs is written: a screen reader reads it aloud. */
  function say(text: string): void {
    if (status.textContent !== text) status.textContent = text;
  }

  /** Fetches what changed of the runs that are shown. */
  async function refresh(): Promise<void> {
    const state = await ask<RunsAnswer>('api/runs');
    if ('error' in state) {
      say(state.error.message);
      return;
    }
    runs = state.runs;
    if (places.size === 0 && hidden.size === 0) {
      const oldest = [...runs].sort((a, b) => b.updated - a.updated).slice(shownAtFirst);
      for (const { id } of oldest) hidden.add(id);
    }
    for (const { id } of runs) if (!places.has(id)) places.set(id, places.size);
    for (const id of answers.keys()) if (!runs.some((run) => run.id === id && run.lines > 0)) answers.delete(id);
    const { smoothing } = controls;
    await Promise.all(
      runs.map(async ({ id, lines, version }) => {
        const key = `${version} ${smoothing}`;
        if (lines === 0 || hidden.has(id) || answers.get(id)?.key === key) return;
        const answer = await ask<SeriesAnswer>(`api/series?${new URLSearchParams({ run: id, smoothing: String(smoothing) })}`);
        // A run that was removed meanwhile is refused, and is not in the next list.
        if (!('error' in answer)) answers.set(id, { key, answer });
      }),
    );
    const waiting = runs.filter(({ lines }) => lines === 0).length;
    const where = state.folder === null ? '' : ` in ${state.folder}`;
    const wait = waiting === 0 ? '' : `, ${waiting} waiting for the first measurement`;
    say(runs.length === 0 ? `no runs${where} yet` : `${runs.length} ${runs.length === 1 ? 'run' : 'runs'}${where}${wait}`);
  }

  function draw(): void {
    table.draw(runs.map(rowOf));
    const shown = runs.flatMap(({ id }) => (hidden.has(id) ? [] : (answers.get(id)?.answer ?? [])));
    const panels = panelsFor(shown.flatMap(({ series }) => Object.keys(series)));
    arrange(panels);
    const { style } = controls;
    for (const panel of panels) {
      const curves = shown.flatMap((answer) => curveOf(answer, panel, style.axis) ?? []);
      charts.get(panel.name)!.draw(curves, style);
    }
  }

  function curveOf({ run, series }: SeriesAnswer, { name, noisy }: Panel, axis: ChartStyle['axis']): Curve | undefined {
    const points = series[name];
    if (points === undefined) return undefined;
    return { run, look: runLook(places.get(run)!), x: points[axis], y: points.value, smooth: noisy ? points.smooth : undefined };
  }

  function rowOf({ id, step, steps, lines, problem }: RunState): RunRow {
    const last = (name: string, unit: Panel['unit']) => {
      const value = answers.get(id)?.answer.series[name]?.value.at(-1);
      return value === undefined ? '–' : formatValue(value, unit);
    };
    const reached = lines === 0 ? 'waiting' : `${step}${steps === null ? '' : ` of ${steps}`}`;
    const cells = [reached, last('loss', 'number'), last('dev/ndcg@10', 'number'), last('dev/retention', 'share')];
    return { id, look: runLook(places.get(id)!), shown: !hidden.has(id), cells: problem === undefined ? cells : [problem] };
  }

  /** Puts the charts into their sections; nothing is moved while the panels stay the same. */
  function arrange(panels: readonly Panel[]): void {
    const names = panels.map(({ name }) => name);
    if (JSON.stringify(names) === layout) return;
    layout = JSON.stringify(names);
    for (const [name, chart] of charts) {
      if (names.includes(name)) continue;
      chart.remove();
      charts.delete(name);
    }
    const grids = new Map<string, HTMLElement>();
    for (const panel of panels) {
      const grid = grids.get(panel.section) ?? document.createElement('div');
      grid.className = 'grid';
      grids.set(panel.section, grid);
      const chart = charts.get(panel.name) ?? new Chart(library, panel, moveTo);
      charts.set(panel.name, chart);
      grid.append(chart.element);
    }
    const sections = [...grids].map(([name, grid]) => {
      const section = document.createElement('section');
      const title = document.createElement('h2');
      title.textContent = name;
      section.append(title, grid);
      return section;
    });
    find('#charts').replaceChildren(...sections);
  }

  function moveTo(x: number): void {
    for (const chart of charts.values()) chart.moveTo(x);
  }

  /** One refresh at a time; what is asked for meanwhile is done after it. */
  let busy = false;
  let again = false;
  async function update(): Promise<void> {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      do {
        again = false;
        await refresh();
      } while (again);
      const news = JSON.stringify([runs, [...answers.values()].map(({ key }) => key)]);
      if (news !== drawn) draw();
      drawn = news;
    } catch (error) {
      say(`no answer from the dashboard (${(error as Error).message}); trying again`);
    } finally {
      busy = false;
    }
  }

  /** After a choice: what is at hand is drawn at once, what is not is fetched. */
  function change(): void {
    draw();
    void update();
  }

  function showOnly(ids: readonly string[]): void {
    hidden.clear();
    for (const { id } of runs) if (!ids.includes(id)) hidden.add(id);
    controls.keep();
    change();
  }

  function poll(): void {
    if (!document.hidden) void update();
  }

  find('#show-all').addEventListener('click', () => showOnly(runs.map(({ id }) => id)));
  find('#show-none').addEventListener('click', () => showOnly([]));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  document.addEventListener('visibilitychange', poll);
  setInterval(poll, pollMilliseconds);
  void update();
}
