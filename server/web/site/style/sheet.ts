/** What lies over the page: small questions, and documents. */
export const SHEET = `
dialog { border: 0; padding: 0; background: var(--panel); color: var(--text); box-shadow: var(--shadow); } dialog::backdrop { background: rgb(10 14 13 / 45%); }
dialog.small { width: min(28rem, calc(100vw - 2rem)); border-radius: var(--radius-large); border: 1px solid var(--line); } dialog.small form { padding: 1.5rem; display: grid; gap: 1.25rem; } dialog.small .actions { justify-content: flex-end; } dialog.small div:empty { display: none; } dialog.small h2, dialog.small p { overflow-wrap: anywhere; }
dialog.sheet { position: fixed; inset: 0 0 0 auto; width: min(46rem, 100vw); max-width: none; height: 100dvh; max-height: none; margin: 0; border-left: 1px solid var(--line); } dialog.sheet[open] { display: flex; flex-direction: column; }
.sheet > header { display: flex; gap: 1rem; justify-content: space-between; padding: 1.25rem 1.25rem 1.125rem 2rem; border-bottom: 1px solid var(--line); } .sheet > header > div { min-width: 0; display: grid; gap: .125rem; } .sheet h2 { overflow-wrap: anywhere; padding-top: .375rem; }
.sheet-body { overflow-y: auto; flex: 1; padding: 1.5rem 2rem 4rem; display: flex; flex-direction: column; gap: 1.25rem; overscroll-behavior: contain; } .sheet-body:focus-visible { outline-offset: -2px; }
.unit { padding-left: 1.25rem; margin-left: -1.25rem; border-left: 3px solid transparent; } .unit.cited { border-left-color: var(--accent); } .unit-place { font-size: .8125rem; color: var(--soft); margin-bottom: .375rem; overflow-wrap: anywhere; } .unit-text { white-space: pre-wrap; line-height: 1.7; overflow-wrap: anywhere; }
mark { background: var(--mark); color: var(--on-mark); border-radius: 3px; padding: .1em 0; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
@media (max-width: 44rem) { dialog.sheet { border: 0; width: 100vw; } .sheet > header { padding: .75rem .5rem .75rem 1.25rem; } .sheet-body { padding: 1.25rem 1.25rem 3rem; } .unit { padding-left: .75rem; margin-left: -.9375rem; } }
@media (prefers-reduced-motion: no-preference) { dialog.sheet[open] { animation: slide .18s ease-out; } @keyframes slide { from { transform: translateX(2rem); opacity: 0; } } }
`;
