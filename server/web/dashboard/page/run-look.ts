// Code of the page: see panels.ts.

/** How a run's curves look. */
export interface RunLook {
  /** Which of the style's colours, from 0. */
  readonly colour: number;
  /** Pixels drawn and left out; none for a whole line. */
  readonly dash: readonly number[];
  /** Class of the sample of the line. */
  readonly swatch: string;
}

/** @param place of the run among all that were seen: eight colours, then the same with dashes, then with dots */
export function runLook(place: number): RunLook {
  const colours = 8;
  const kinds: readonly (readonly [dash: number[], swatch: string])[] = [
    [[], 'whole'],
    [[8, 4], 'dashed'],
    [[2, 3], 'dotted'],
  ];
  const [dash, swatch] = kinds[Math.floor(place / colours) % kinds.length]!;
  return { colour: place % colours, dash, swatch };
}

/** A sample of a run's line. */
export function swatchOf({ colour, swatch }: RunLook): HTMLElement {
  const sample = document.createElement('span');
  sample.className = `swatch ${swatch} run-${colour}`;
  return sample;
}
