/** What a caption's label says that it is of. */
export type CaptionOf = 'figure' | 'table' | 'other';

/** A caption: `Figure 3: …`, `表 1.2 …`. In the text a sentence goes on after the number. */
const CAPTION =
  /^(figure|fig\.|table|tab\.|listing|scheme|abbildung|abb\.|tabelle|图表|图|表格|表|圖|chart|plate)\s*((?:[A-Z]\.?)?\d+(?:[.\-–]\d+)*)(?:\s*[:：.。、|—–-]\s*\S|\s+\S)/iu;
const LONGEST_CAPTION = 300;
const FIGURES = new Set(['figure', 'fig.', 'scheme', 'abbildung', 'abb.', '图', '图表', '圖', 'chart', 'plate']);
const TABLES = new Set(['table', 'tab.', 'tabelle', '表', '表格']);

/** Whether a text by itself is a caption: it begins with a label and a number, and is no sentence that goes on. */
export function isCaption(text: string): boolean {
  if (text.length > LONGEST_CAPTION || !CAPTION.test(text)) return false;
  return /^\S+\s*(?:[A-Z]\.?)?[\d.\-–]+\s*[:：.。|—–]/u.test(text) || !/[.。；;！!]$/u.test(text);
}

/** The label of a caption, and its number as it is written; undefined where the text is none. */
export function captionLabel(text: string): { readonly of: CaptionOf; readonly number: string } | undefined {
  if (!isCaption(text)) return undefined;
  const [, word = '', number = ''] = CAPTION.exec(text) ?? [];
  const label = word.toLowerCase();
  return { of: FIGURES.has(label) ? 'figure' : TABLES.has(label) ? 'table' : 'other', number };
}
