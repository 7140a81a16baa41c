import type { ApiClient } from './api-client.ts';
import { make } from './make.ts';
import type { WireFigure } from './wire.ts';

// Code of the page: see site-script.ts.

/** Gives what shows the figure that a unit describes; its picture comes later, or not at all. Undefined where it describes none. */
export type ShowFigure = (unit: string, figure: WireFigure | undefined) => HTMLElement | undefined;

/** Shows figures of a collection. */
export function figuresOf(api: ApiClient, collection: string): ShowFigure {
  return (unit, figure) => {
    if (figure === undefined) return undefined;
    const { caption = '', page, stored } = figure;
    const words = make('figcaption', {}, make('span', { text: caption }));
    if (page !== undefined) words.append(make('span', { class: 'soft', say: 'place.page', values: { page } }));
    const shown = make('figure', { class: 'figure' }, words);
    if (stored) void loadFigure(api, shown, figure, `v1/collections/${encodeURIComponent(collection)}/figures/${unit}`);
    return shown;
  };
}

/** Pictures are asked for with the reader's key, which no address of an image can carry. */
export async function loadFigure(
  api: ApiClient,
  place: HTMLElement,
  { caption = '', alt = caption, width = 0, height = 0 }: WireFigure,
  path: string,
): Promise<void> {
  try {
    const address = URL.createObjectURL(await api.file(path));
    const image = make('img', { attributes: { alt } });
    if (width > 0 && height > 0) {
      image.width = width;
      image.height = height;
    }
    image.addEventListener('load', () => URL.revokeObjectURL(address), { once: true });
    image.src = address;
    place.prepend(image);
  } catch {
    // Its words are there.
  }
}
