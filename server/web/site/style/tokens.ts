/** Colours, sizes and distances, chosen for contrast in both themes: one accent, one colour for what is marked, one for what destroys. */
const LIGHT = `
  --ground: #fbfbf9; --panel: #ffffff; --sunken: #f2f2ee; --line: #e2e2dc; --edge: #8b8b83;
  --text: #1b1d1c; --soft: #5d605c; --accent: #0b6a6a; --accent-strong: #075050; --accent-wash: #e4f0ee; --on-accent: #ffffff;
  --mark: #ffe9a3; --on-mark: #2b2410; --danger: #a8281e; --danger-wash: #fbecea; --shadow: 0 1px 2px rgb(20 25 20 / 6%), 0 8px 28px rgb(20 25 20 / 7%);`;

const DARK = `
  --ground: #121414; --panel: #1a1d1d; --sunken: #212525; --line: #2f3434; --edge: #7c8582;
  --text: #e8eae7; --soft: #a3aaa6; --accent: #62c5bb; --accent-strong: #8ad8d0; --accent-wash: #16302e; --on-accent: #062120;
  --mark: #5a4a10; --on-mark: #fff3cd; --danger: #f59a8f; --danger-wash: #351c1a; --shadow: 0 1px 2px rgb(0 0 0 / 30%), 0 10px 30px rgb(0 0 0 / 35%);`;

export const TOKENS = `
:root { color-scheme: light; ${LIGHT}
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Segoe UI Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  --radius: 8px; --radius-large: 14px; --measure: 44rem; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { color-scheme: dark; ${DARK} } }
:root[data-theme=dark] { color-scheme: dark; ${DARK} }
`;
