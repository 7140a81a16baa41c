import type { StringKey } from './strings.ts';
import { say, word } from './wording.ts';

// Code of the page: see site-script.ts.

/** A part of the page that is shown alone. */
export interface View {
  readonly element: HTMLElement;
  readonly title: StringKey;
  /** Takes the focus when the view is gone to. */
  readonly heading: HTMLElement;
  /** Takes it in its place, where there is one. */
  readonly first?: HTMLElement | undefined;
  /** Called whenever it is gone to, with what stands behind its name in the address. */
  show(rest?: string): void;
}

/** Shows the view that the address names, as `#/collections/laws`. Views that are left stay as they are. */
export class Router {
  readonly #views: ReadonlyMap<string, View>;
  readonly #links = new Map<string, HTMLAnchorElement>();
  #shown: View | undefined;

  constructor(views: ReadonlyMap<string, View>, main: HTMLElement, navigation: HTMLElement) {
    this.#views = views;
    for (const [name, { element, title }] of views) {
      element.hidden = true;
      const link = document.createElement('a');
      link.href = `#/${name}`;
      say(link, title);
      this.#links.set(name, link);
      navigation.append(link);
    }
    main.append(...[...views.values()].map(({ element }) => element));
    addEventListener('hashchange', () => this.#go(true));
    document.addEventListener('look', () => this.#title());
  }

  /** Shows the view of the address that the page was opened with. */
  start(): void {
    this.#go(false);
  }

  #go(focus: boolean): void {
    const [name = '', ...rest] = location.hash.replace(/^#\/?/, '').split('/');
    const [first] = this.#views.keys();
    const known = this.#views.has(name) ? name : first!;
    const view = this.#views.get(known)!;
    const inner = rest.length === 0 ? undefined : decode(rest.join('/'));
    for (const [other, link] of this.#links) {
      if (other === known) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    for (const one of this.#views.values()) one.element.hidden = one !== view;
    this.#shown = view;
    view.show(inner === '' ? undefined : inner);
    this.#title();
    if (!focus) return;
    scrollTo(0, 0);
    (view.first ?? view.heading).focus({ preventScroll: true });
  }

  #title(): void {
    if (this.#shown !== undefined) document.title = `${word(this.#shown.title)} · CEM-RAG`;
  }
}

/** A part of an address as it was before it was escaped. */
export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
