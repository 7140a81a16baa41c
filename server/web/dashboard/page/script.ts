import { Chart, nearest } from './chart.ts';
import { Controls } from './controls.ts';
import { formatSeconds, formatValue, panelsFor } from './panels.ts';
import { runLook, swatchOf } from './run-look.ts';
import { RunTable } from './run-table.ts';
import { startPage } from './start-page.ts';

/**
 * The page's script, made of the functions themselves: so the code of the page is checked and tested like any other, and needs no build of its own. What is listed
 * here is all there is in the browser.
 */
export function pageScript(): string {
  const parts = [formatValue, formatSeconds, panelsFor, runLook, swatchOf, RunTable, Controls, nearest, Chart, startPage];
  // tsx wraps inner functions in calls of `__name`, which keep their names.
  return ["'use strict';", 'const __name = (value) => value;', ...parts.map(String), 'startPage(uPlot);\n'].join('\n');
}
