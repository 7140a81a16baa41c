/** Questions and answers. */
export const ASK = `
.ask { max-width: var(--measure); width: 100%; margin: 0 auto; } .ask.empty { justify-content: center; padding-bottom: 12vh; } .intro { display: grid; gap: .5rem; } .lead { color: var(--soft); font-size: 1.0625rem; text-wrap: pretty; }
.ask:not(.empty) .intro { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.ask.empty .conversation { display: none; } .ask.empty h1 { font-size: 2rem; }
.conversation { display: grid; gap: 3rem; flex: 1; align-content: start; min-width: 0; } .turn { display: grid; gap: 1.25rem; min-width: 0; }
.turn { align-content: start; } .turn + .turn { padding-top: 3rem; border-top: 1px solid var(--line); } .turn + .turn:last-child { min-height: calc(100dvh - 10rem); }
.question { font-size: 1.125rem; line-height: 1.45; font-weight: 500; color: var(--soft); overflow-wrap: anywhere; white-space: pre-line; }
.answer { display: grid; gap: 1.5rem; min-width: 0; } .state { color: var(--soft); }
.answer-text { font-size: 1.0625rem; line-height: 1.7; display: grid; gap: .875rem; white-space: pre-line; overflow-wrap: anywhere; } .answer-text:empty { display: none; }
.short { font-size: 1.375rem; line-height: 1.35; font-weight: 600; letter-spacing: -.01em; overflow-wrap: anywhere; }
.citation { min-height: 0; height: 1.375em; min-width: 1.375em; padding: 0 .375em; margin: 0 .125em; border-radius: 6px; border-color: transparent; background: var(--accent-wash); color: var(--accent-strong); font-size: .75em; font-weight: 600; vertical-align: .15em; position: relative; }
.citation::after { content: ""; position: absolute; inset: -.5em -.125em; } .citation:hover { background: var(--accent); color: var(--on-accent); }
.unanswered { display: grid; gap: .25rem; padding: 1rem 1.25rem; background: var(--sunken); border-radius: var(--radius); } .plainly { font-weight: 600; } .unanswered p:empty { display: none; }
.citations { display: grid; border-top: 1px solid var(--line); } .citations li { display: flex; gap: .875rem; padding: 1rem 0; border-bottom: 1px solid var(--line); min-width: 0; } .citations li > div { min-width: 0; flex: 1; display: grid; gap: .25rem; justify-items: start; }
.citations .number { flex: none; min-width: 1.5rem; height: 1.5rem; display: grid; place-items: center; border-radius: 6px; background: var(--accent-wash); color: var(--accent-strong); font-size: .8125rem; font-weight: 600; }
.nearest { margin-top: .5rem; } blockquote { color: var(--text); display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; margin-top: .25rem; font-size: .9375rem; overflow-wrap: anywhere; }
.answer-meta { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; align-items: center; color: var(--soft); font-size: .875rem; } .answer-meta .actions { margin-left: auto; } .answer-meta button { margin-right: -.625rem; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; overflow-wrap: anywhere; min-width: 0; } .confidence { display: inline-flex; align-items: center; gap: .625rem; }
.bar { width: 3.5rem; height: 4px; border-radius: 99px; background: var(--line); overflow: hidden; } .bar::before { content: ""; display: block; height: 100%; width: calc(100% * var(--share, 0)); background: var(--accent); border-radius: 99px; }
.timings { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; } .timings div { display: flex; gap: .375rem; } .timings dd { color: var(--text); }
.dock { position: sticky; bottom: 0; padding: .75rem 0 1.25rem; margin-bottom: -4rem; background: linear-gradient(transparent, var(--ground) 1.5rem); z-index: 1; } .ask.empty .dock { position: static; margin: 0; padding: 0; background: none; }
.again { white-space: nowrap; font-size: .9375rem; margin-left: auto; } .again:not([hidden]) + .keys { display: none; }
.question-box { border: 1px solid var(--edge); border-radius: var(--radius-large); background: var(--panel); box-shadow: var(--shadow); padding: .375rem; } .question-box:focus-within { border-color: var(--accent); box-shadow: var(--shadow), 0 0 0 1px var(--accent); }
.question-box textarea { display: block; width: 100%; border: 0; background: none; padding: .625rem .75rem .375rem; resize: none; font-size: 1.0625rem; line-height: 1.5; field-sizing: content; max-height: 40vh; } .question-box textarea:focus-visible { outline: none; }
.question-box .row { display: flex; align-items: center; gap: .75rem; } .question-box select { border-color: transparent; background-color: transparent; color: var(--soft); max-width: 14rem; padding: .375rem 2rem .375rem .75rem; font-size: .9375rem; } .question-box select:hover { background-color: var(--sunken); }
.keys { margin-left: auto; font-size: .8125rem; } .send { width: 2.5rem; padding: 0; border-radius: 10px; flex: none; background: var(--accent); border-color: var(--accent); color: var(--on-accent); } .send:hover { background: var(--accent-strong); color: var(--on-accent); } .send.stops .icon-drawing { fill: currentColor; }
@media (max-width: 44rem) { .keys { visibility: hidden; width: 0; overflow: hidden; white-space: nowrap; } .ask.empty h1 { font-size: 1.625rem; } .conversation { gap: 2rem; } .turn + .turn { padding-top: 2rem; } .dock { margin-bottom: -2.5rem; padding-bottom: 1rem; } .answer-meta .actions { margin-left: -.625rem; } .short { font-size: 1.25rem; } .question-box select { max-width: 11rem; } }
@media (prefers-reduced-motion: no-preference) { .state:not([hidden]) { animation: breathe 1.8s ease-in-out infinite; } @keyframes breathe { 50% { opacity: .55; } } }
`;
