import type { ByteSpan } from '../../base/index.ts';

/** Where a text lies in its window. */
export interface WindowPlace {
  /** Number of the window, and of the frame that it becomes. */
  readonly frame: number;
  /** Its bytes of the window's content, with what joins it to the next text. */
  readonly span: ByteSpan;
}

/**
 * What stands between neighbours where the first does not end with it: a blank line, as between the paragraphs of a document. It belongs to the text before it, as where a document is cut
 * into passages: these tile it, and a border lies behind the blank line.
 */
const JOINT = '\n\n';
/** UTF-8 bytes of a window at most, but for a text that is longer by itself: an encoder refuses chunks above 4 MiB. */
const LARGEST_WINDOW = 1024 * 1024;

/** Neighbouring texts joined, and where each of them lies then. */
export interface Windows {
  /** What is compressed: one frame each. */
  readonly texts: readonly string[];
  /** [texts that were joined] */
  readonly places: readonly WindowPlace[];
}

/**
 * Joins texts in their order.
 *
 * @param size texts of a window; the last one may have fewer, and one that would become longer than 1 MiB
 */
export function joinWindows(texts: readonly string[], size: number): Windows {
  const windows: string[] = [];
  const places: WindowPlace[] = [];
  let members: string[] = [];
  let bytes = 0;
  const close = () => {
    if (members.length === 0) return;
    const parts = members.map((text, index) => (index + 1 < members.length ? joined(text) : text));
    let start = 0;
    for (const part of parts) {
      const end = start + Buffer.byteLength(part);
      places.push({ frame: windows.length, span: { start, end } });
      start = end;
    }
    windows.push(parts.join(''));
    members = [];
    bytes = 0;
  };
  for (const text of texts) {
    const length = Buffer.byteLength(joined(text));
    if (members.length === size || bytes + length > LARGEST_WINDOW) close();
    members.push(text);
    bytes += length;
  }
  close();
  return { texts: windows, places };
}

function joined(text: string): string {
  return text.endsWith(JOINT) ? text : text + JOINT;
}
