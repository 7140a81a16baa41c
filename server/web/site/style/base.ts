/** The page as a whole: type, landmarks, the bar at the top. */
export const BASE = `
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1.5rem; overflow-y: scroll; scrollbar-color: var(--edge) transparent; }
body { margin: 0; min-height: 100dvh; display: flex; flex-direction: column; background: var(--ground); color: var(--text);
  font: 400 1rem/1.6 var(--sans); font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
h1, h2, h3, p, ul, ol, dl, dd, blockquote, fieldset { margin: 0; padding: 0; } ul, ol { list-style: none; } fieldset { border: 0; min-width: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; font-weight: 620; letter-spacing: -.015em; text-wrap: balance; }
h2 { font-size: 1.125rem; line-height: 1.4; font-weight: 600; letter-spacing: -.005em; } h3 { font-size: .875rem; font-weight: 600; color: var(--soft); }
[hidden] { display: none !important; } ::selection { background: var(--mark); color: var(--on-mark); }
a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: 1px; } a:hover { color: var(--accent-strong); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1:focus, main:focus, mark:focus, .unit:focus { outline: none; }
.unseen { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.soft, .hint { color: var(--soft); } .hint { font-size: .875rem; } .path { font-family: var(--mono); font-size: .92em; overflow-wrap: anywhere; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 10; padding: .5rem 1rem; background: var(--accent); color: var(--on-accent); border-radius: 0 0 var(--radius) var(--radius); }
.skip:focus { top: 0; color: var(--on-accent); }
.top { display: flex; align-items: center; gap: 2rem; padding: 0 1.5rem; border-bottom: 1px solid var(--line); background: var(--ground); }
.brand { display: flex; align-items: center; gap: .625rem; color: var(--text); text-decoration: none; font-weight: 650; letter-spacing: -.01em; padding: .5rem 0; white-space: nowrap; }
.brand:hover { color: var(--text); } .brand img { display: block; }
.top nav { display: flex; gap: .25rem; align-self: stretch; flex: 1; }
.top nav a { display: flex; align-items: center; padding: .875rem .75rem; color: var(--soft); text-decoration: none; border-block: 2px solid transparent; white-space: nowrap; }
.top nav a:hover { color: var(--text); } .top nav a[aria-current] { color: var(--text); font-weight: 560; border-bottom-color: var(--accent); }
.looks { display: flex; gap: .25rem; margin-right: -.5rem; }
main { flex: 1; width: 100%; max-width: 58rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; display: flex; flex-direction: column; }
.view { display: flex; flex-direction: column; gap: 2rem; flex: 1; min-width: 0; }
.view > div:empty, .view > div > div:empty { display: none; } .noscript { padding: 2rem 1.5rem; text-align: center; }
.section-head { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; justify-content: space-between; }
.group { display: grid; gap: 1.25rem; } .place { display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline; color: var(--soft); font-size: .875rem; min-width: 0; }
.place > * { min-width: 0; }
@media (max-width: 44rem) {
  main { padding: 1.75rem 1rem 2.5rem; } h1 { font-size: 1.4375rem; } .view { gap: 1.5rem; }
  .top { flex-wrap: wrap; gap: 0 .5rem; padding: .25rem 1rem 0; justify-content: space-between; }
  .top nav { order: 3; flex: 1 0 100%; justify-content: space-between; gap: 0; margin: 0 -.5rem; }
  .top nav a { padding: .5rem .5rem; font-size: .9375rem; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } .button, button, input, textarea, select, .top nav a { transition: background-color .12s, border-color .12s, color .12s; } }
@media (forced-colors: active) { mark { forced-color-adjust: none; } .top nav a[aria-current] { border-bottom-color: LinkText; } }
`;
