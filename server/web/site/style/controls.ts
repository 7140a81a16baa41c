/** Buttons, fields, choices, what went wrong. */
export const CONTROLS = `
button, input, select, textarea { font: inherit; font-variant-numeric: inherit; color: inherit; }
button, .button { display: inline-flex; align-items: center; justify-content: center; gap: .4rem; min-height: 2.5rem; padding: .375rem 1rem; border: 1px solid var(--line); border-radius: var(--radius);
  background: var(--panel); color: var(--text); font-weight: 500; line-height: 1.3; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { background: var(--sunken); color: var(--text); }
button.primary, .button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); } button.primary:hover, .button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button.danger { background: var(--danger); border-color: var(--danger); color: var(--ground); }
button:disabled { opacity: .5; cursor: not-allowed; }
button.quiet { border-color: transparent; background: none; color: var(--soft); padding: .375rem .625rem; font-weight: 450; } button.quiet:hover { background: var(--sunken); color: var(--text); }
button.quiet.danger-text:hover { background: var(--danger-wash); color: var(--danger); }
button.icon { width: 2.5rem; padding: 0; flex: none; }
button.link { display: inline; min-height: 0; padding: 0; border: 0; background: none; color: var(--text); text-align: left; font-weight: 600; border-radius: 4px; overflow-wrap: anywhere; }
button.link:hover { background: none; color: var(--accent); text-decoration: underline; text-underline-offset: .2em; text-decoration-thickness: 1px; }
button.more { align-self: center; color: var(--soft); margin: 1rem auto 0; display: flex; }
.icon-drawing { width: 1.25rem; height: 1.25rem; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; flex: none; } .slot { display: contents; }
input:not([type=checkbox], [type=radio], [type=file]), select, textarea { min-height: 2.5rem; padding: .375rem .75rem; border: 1px solid var(--edge); border-radius: var(--radius); background-color: var(--panel); min-width: 0; max-width: 100%; }
input::placeholder, textarea::placeholder { color: var(--soft); opacity: 1; }
input:focus-visible, select:focus-visible, textarea:focus-visible { outline-offset: 0; border-color: var(--accent); border-radius: var(--radius); }
input[type=checkbox], input[type=radio] { accent-color: var(--accent); width: 1.125rem; height: 1.125rem; margin: 0; flex: none; }
select { appearance: none; text-overflow: ellipsis; background-repeat: no-repeat; background-size: 5px 5px; background-position: right 17px center, right 12px center;
  background-image: linear-gradient(45deg, transparent 50%, var(--soft) 50%), linear-gradient(-45deg, transparent 50%, var(--soft) 50%); } select:not([multiple]) { padding-right: 2rem; } option { background: var(--panel); color: var(--text); }
input[type=search]::-webkit-search-cancel-button { filter: grayscale(1); opacity: .6; }
.field { display: grid; gap: .375rem; align-content: start; } label, legend { font-weight: 500; } .check { display: flex; gap: .625rem; align-items: center; font-weight: 400; }
.actions { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
legend { padding: 0; } .choice legend { margin-bottom: .375rem; } .segments { display: inline-flex; flex-wrap: wrap; gap: .25rem; padding: .25rem; background: var(--sunken); border-radius: 10px; }
.segments label { position: relative; font-weight: 450; } .segments input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; cursor: pointer; }
.segments span { display: block; padding: .3125rem .875rem; border-radius: 7px; color: var(--soft); border: 1px solid transparent; }
.segments input:hover + span { color: var(--text); } .segments input:checked + span { background: var(--panel); color: var(--text); border-color: var(--edge); }
.segments input:focus-visible + span { outline: 2px solid var(--accent); outline-offset: 1px; }
summary { cursor: pointer; font-weight: 500; color: var(--soft); width: fit-content; padding: .375rem 0; border-radius: 4px; } summary:hover { color: var(--text); } summary::marker { color: var(--soft); }
.failure { display: grid; gap: .25rem; padding: .875rem 1rem; border-radius: var(--radius); background: var(--danger-wash); border-left: 3px solid var(--danger); } .failure .advice { color: var(--soft); } .failure a { justify-self: start; }
.nothing { padding: 3rem 1rem; text-align: center; color: var(--soft); border: 1px dashed var(--edge); border-radius: var(--radius-large); }
.tag { padding: 0 .5rem; border-radius: 99px; background: var(--sunken); font-size: .8125rem; }
progress { appearance: none; width: 100%; height: 4px; border: 0; border-radius: 99px; overflow: hidden; background: var(--sunken); } progress::-webkit-progress-bar { background: var(--sunken); }
progress::-webkit-progress-value { background: var(--accent); border-radius: 99px; } progress::-moz-progress-bar { background: var(--accent); }
progress:indeterminate { background: linear-gradient(90deg, var(--sunken), var(--accent), var(--sunken)) 0 0 / 200% 100%; } progress:indeterminate::-webkit-progress-bar { background: none; } progress:indeterminate::-moz-progress-bar { background: none; }
@media (prefers-reduced-motion: no-preference) { progress:indeterminate { animation: flow 1.6s linear infinite; } @keyframes flow { from { background-position: 200% 0; } to { background-position: 0 0; } } }
`;
