/** Rows that have a colour of their own; others share the last. */
const ROW_CLASSES: readonly string[] = ['teacher', 'student', 'bm25', 'random', 'lsa'];

/** Class of a row's colour and marks. */
export function rowClass(row: string): string {
  return ROW_CLASSES.includes(row) ? `row-${row}` : 'row-other';
}

/** The page's one style sheet. Colours are chosen for contrast in both schemes and told apart without colour by dashes and shapes too. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --panel: #f5f6f8; --text: #1c232b; --soft: #55606c; --line: #d5dae0;
  --teacher: #1f6bb5; --student: #c2500a; --bm25: #12805c; --random: #6f7781; --lsa: #6b46b8; --other: #b03a74; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --panel: #1d232a; --text: #e8edf2; --soft: #a9b4bf; --line: #38424d;
  --teacher: #6db1f2; --student: #f39a5a; --bm25: #4fc79a; --random: #a3adb8; --lsa: #b79cf0; --other: #f08cb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 68rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
details { margin: .5rem 0; }
h1 { font-size: 1.5rem; margin: .5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 .25rem; } h3 { font-size: 1rem; margin: 1.25rem 0 .5rem; }
p { margin: .25rem 0 .75rem; } a { color: var(--teacher); } .soft { color: var(--soft); }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); align-items: start; }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .75rem; min-width: 0; }
figure.panel { margin: 0; } .narrow { max-width: 34rem; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; overflow-wrap: normal; min-width: 100%; }
caption { text-align: left; font-weight: 600; padding-bottom: .25rem; }
th, td { padding: .2rem .6rem .2rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--soft); } th:first-child { text-align: left; } .conditions td { text-align: left; }
.bar { display: block; height: .6rem; min-width: 1px; background: var(--teacher); } .bar.own { background: var(--student); } td.track { width: 40%; min-width: 6rem; padding-right: 0; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .25rem 0; padding: 0; }
ul.legend svg { width: 26px; height: 10px; margin-right: .35rem; overflow: visible; }
ol.legend { margin: .25rem 0; padding-left: 1.5rem; }
svg.chart { display: block; width: 100%; max-width: 34rem; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
.axis { stroke: var(--line); fill: none; } .curve { fill: none; stroke-width: 2; }
${['teacher', 'student', 'bm25', 'random', 'lsa', 'other'].map((row) => `.row-${row} { --row: var(--${row}); }`).join(' ')}
.curve { stroke: var(--row); } .mark { fill: var(--row); stroke: var(--panel); stroke-width: 1; } svg text.number { fill: var(--text); font-weight: 600; }
.row-bm25 .curve { stroke-dasharray: 6 3; } .row-random .curve { stroke-dasharray: 2 3; } .row-lsa .curve { stroke-dasharray: 8 3 2 3; } .row-other .curve { stroke-dasharray: 4 2; }
.query { margin: 0 0 .75rem; } blockquote { margin: .25rem 0; padding-left: .6rem; border-left: 3px solid var(--line); } .label { color: var(--soft); font-size: .85rem; }
@media (max-width: 30rem) { body { padding: .75rem; font-size: 14px; } }
`;
