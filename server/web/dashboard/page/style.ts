/** The page's style sheet. Colours are chosen for contrast in both schemes. */
export const STYLE = `
:root { color-scheme: light dark; --ground: #ffffff; --panel: #f5f6f8; --text: #1c232b; --soft: #55606c; --line: #d5dae0; --focus: #1f6bb5;
  --run-0: #1f6bb5; --run-1: #c2500a; --run-2: #12805c; --run-3: #b03a74; --run-4: #6b46b8; --run-5: #7a6400; --run-6: #0b7a8f; --run-7: #6f7781; }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --panel: #1d232a; --text: #e8edf2; --soft: #a9b4bf; --line: #38424d; --focus: #6db1f2;
  --run-0: #6db1f2; --run-1: #f39a5a; --run-2: #4fc79a; --run-3: #f08cb8; --run-4: #b79cf0; --run-5: #d9c04f; --run-6: #56c8de; --run-7: #a3adb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 110rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; margin: 1.25rem 0 .5rem; }
header { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; } p { margin: .25rem 0; } #status, footer { color: var(--soft); } footer { margin-top: 1rem; }
#controls { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; margin-top: .5rem; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: .75rem; } legend { float: left; margin-right: .75rem; padding: 0; }
input[type=range] { vertical-align: middle; width: 12rem; } output { font-variant-numeric: tabular-nums; display: inline-block; min-width: 2.5em; }
button { font: inherit; } :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem 1.5rem .15rem 0; text-align: right; font-weight: 400; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--soft); } th:first-child { text-align: left; } td.sentence { color: var(--soft); white-space: normal; text-align: left; }
.swatch { display: inline-block; width: 1.4rem; height: 0; border-top: 3px solid; margin: 0 .4rem; vertical-align: middle; }
.swatch.dashed { border-top-style: dashed; } .swatch.dotted { border-top-style: dotted; }
${Array.from({ length: 8 }, (_, colour) => `.run-${colour} { border-color: var(--run-${colour}); }`).join(' ')}
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(25rem, 100%), 1fr)); }
figure { margin: 0; padding: .5rem .75rem; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; min-width: 0; }
h3 { font-size: 1rem; margin: 0; } .readout { color: var(--soft); min-height: 1.5em; font-size: .85rem; font-variant-numeric: tabular-nums; }
.readout > span { margin-right: .5rem; white-space: nowrap; } .plot { min-height: 1px; } .uplot, .uplot *, .uplot *::before { font-family: inherit; }
`;
