import type { ChartStyle } from './chart.ts';

// Code of the page: see panels.ts.

/** What the reader chose: the form above the charts, and which runs are hidden. It is kept in the address, so that a reload or a bookmark shows the same. */
export class Controls {
  readonly hidden: Set<string>;
  readonly #form: HTMLFormElement;

  /** @param onChange called after each choice that is made in the form */
  constructor(form: HTMLFormElement, onChange: () => void) {
    this.#form = form;
    const kept = new URLSearchParams(location.hash.slice(1));
    this.hidden = new Set(kept.getAll('hide'));
    this.#axes.value = kept.get('axis') === 'seconds' ? 'seconds' : 'step';
    this.#input('smoothing').value = kept.get('smoothing') ?? '0';
    this.#input('logarithmic').checked = kept.has('logarithmic');
    form.addEventListener('submit', (event) => event.preventDefault());
    form.addEventListener('input', () => {
      this.keep();
      onChange();
    });
    this.keep();
  }

  get style(): ChartStyle {
    return { axis: this.#axes.value as ChartStyle['axis'], logarithmic: this.#input('logarithmic').checked };
  }

  /** 0 to below 1. */
  get smoothing(): number {
    return Number(this.#input('smoothing').value);
  }

  /** Writes the choices into the address. */
  keep(): void {
    const { axis, logarithmic } = this.style;
    const kept = new URLSearchParams([...this.hidden].map((id) => ['hide', id]));
    if (axis === 'seconds') kept.set('axis', axis);
    if (this.smoothing > 0) kept.set('smoothing', String(this.smoothing));
    if (logarithmic) kept.set('logarithmic', '');
    history.replaceState(null, '', `#${kept}`);
    (this.#form.elements.namedItem('smoothing-value') as HTMLOutputElement).value = this.smoothing.toFixed(2);
  }

  get #axes(): RadioNodeList {
    return this.#form.elements.namedItem('axis') as RadioNodeList;
  }

  #input(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }
}
