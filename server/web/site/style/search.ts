/** The form of a search and its results. */
export const SEARCH = `
.search-form { display: grid; gap: .5rem; } .search-form > .row { display: flex; gap: .5rem; flex-wrap: wrap; } .search-form > .row input { flex: 1 1 16rem; } .search-form > .row select { max-width: 14rem; }
.filter-body { display: grid; gap: 1.5rem; padding: 1.25rem; margin-top: .25rem; border: 1px solid var(--line); border-radius: var(--radius-large); background: var(--panel); } .columns { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); }
.rows { display: grid; gap: .5rem; justify-items: start; } .filter-rows { display: grid; gap: .5rem; width: 100%; } .filter-rows:empty { display: none; } .filter-row { display: flex; gap: .5rem; align-items: center; } .filter-row input { flex: 1; width: 100%; } .rows > button { margin-left: -.625rem; }
.search { gap: 1.5rem; } .found:empty { display: none; } .results { display: grid; border-top: 1px solid var(--line); }
.result { display: grid; grid-template-columns: 2rem minmax(0, 1fr); padding: 1.5rem 0; border-bottom: 1px solid var(--line); } .result > .number { color: var(--soft); padding-top: .0625rem; } .result > div { display: grid; gap: .375rem; justify-items: start; }
.result h2 { font-size: 1.0625rem; } .snippet { max-width: 46rem; white-space: pre-line; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 5; overflow: hidden; overflow-wrap: anywhere; margin: .25rem 0; }
.figure { display: grid; gap: .375rem; margin: .5rem 0; } .figure img { max-width: min(22rem, 100%); max-height: 16rem; width: auto; height: auto; object-fit: contain; border: 1px solid var(--line); border-radius: var(--radius-large); background: #fff; } .figure figcaption { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .875rem; }
.scores { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; font-size: .875rem; color: var(--soft); } .scores div { display: flex; gap: .5rem; } .scores dd { display: flex; gap: .5rem; color: var(--text); } .scores .total dd { font-weight: 600; } .rank { color: var(--soft); }
@media (max-width: 44rem) { .search-form > .row input { flex-basis: 100%; } .search-form > .row select { flex: 1; max-width: none; } .result { grid-template-columns: minmax(0, 1fr); } .result > .number { display: none; } }
`;
