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

/** Most of a picture's place, in pixels: as the style sheet has it. */
export const PICTURE_WIDTH = 352;
export const PICTURE_HEIGHT = 256;

/** Shows the pictures of figures alone, where their texts stand beside them: each is asked for when it comes into view, and has its place before. */
export function picturesOf(api: ApiClient, collection: string): ShowFigure {
  return (unit, figure) => {
    if (!figure?.stored) return undefined;
    const { width = PICTURE_WIDTH, height = PICTURE_HEIGHT } = figure;
    const shown = make('figure', { class: 'figure' });
    shown.style.minHeight = `${height * Math.min(1, PICTURE_WIDTH / width, PICTURE_HEIGHT / height)}px`;
    const watched = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      watched.disconnect();
      const path = `v1/collections/${encodeURIComponent(collection)}/figures/${encodeURIComponent(unit)}`;
      void loadFigure(api, shown, figure, path).then(() => shown.style.removeProperty('min-height'));
    });
    watched.observe(shown);
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
