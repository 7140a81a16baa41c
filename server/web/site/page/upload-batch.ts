// Code of the page: see site-script.ts.

/** What one request takes: few enough that it is not refused for its size, many enough that they are taken together. */
export const BATCH_FILES = 16;
export const BATCH_BYTES = 16_000_000;

/** Files in the order given, in batches that one request takes each. A file that is larger than a batch is one of its own; files of one name lie in several. */
export function batchesOf<Item extends { readonly size: number; readonly source: string }>(files: readonly Item[]): Item[][] {
  const batches: Item[][] = [];
  let bytes = 0;
  for (const file of files) {
    const last = batches.at(-1);
    const fits = last !== undefined && last.length < BATCH_FILES && bytes + file.size <= BATCH_BYTES;
    if (!fits || last.some(({ source }) => source === file.source)) {
      batches.push([file]);
      bytes = file.size;
    } else {
      last.push(file);
      bytes += file.size;
    }
  }
  return batches;
}

/** How much of each file has gone, 0 to 1, when so many bytes of all of them have: they go one after the other. */
export function sharesSent(sizes: readonly number[], sent: number): number[] {
  let before = 0;
  return sizes.map((size) => {
    const share = size === 0 ? Number(sent >= before) : Math.min(1, Math.max(0, (sent - before) / size));
    before += size;
    return share;
  });
}

/** The content of a file as Base64. */
export async function base64Of(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const step = 0x8000;
  let binary = '';
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary);
}
