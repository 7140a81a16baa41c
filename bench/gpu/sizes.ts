/** Sizes of a training step, named as options of train-step.ts; those that are left out are its defaults. */
export type StepSizes = Readonly<Record<string, number>>;

/** A row of the table: one encoder at one batch size. */
export interface StepShape {
  /** E.g. `base, batch 8`. */
  readonly name: string;
  readonly sizes: StepSizes;
}

const BASE: StepSizes = { 'dim-local': 256, 'dim-global': 768, 'layers-global': 12, 'heads-global': 12 };
/** What a processor computes in seconds: shorter texts, fewer layers. */
const SMALL: StepSizes = { bytes: 64, 'layers-global': 1 };

/**
 * `default` at its own batch size, `base` at 8 and 64.
 *
 * @param quick with sizes cut so that a processor gets through; the names say so
 */
export function stepShapes(quick: boolean): { readonly default: StepShape; readonly base: readonly StepShape[] } {
  if (!quick) {
    return {
      default: { name: 'default, batch 16', sizes: { batch: 16 } },
      base: [8, 64].map((batch) => ({ name: `base, batch ${batch}`, sizes: { ...BASE, batch } })),
    };
  }
  const cut = `(${SMALL['bytes']} bytes, ${SMALL['layers-global']} layer)`;
  return {
    default: { name: `default ${cut}, batch 2`, sizes: { ...SMALL, batch: 2 } },
    base: [1, 4].map((batch) => ({ name: `base ${cut}, batch ${batch}`, sizes: { ...BASE, ...SMALL, batch } })),
  };
}

/** As arguments of train-step.ts. */
export function stepArguments(sizes: StepSizes): string[] {
  return Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/** As an argument of torch_step.py. */
export function peerSizes(sizes: StepSizes): string {
  return JSON.stringify(Object.fromEntries(Object.entries(sizes).map(([name, value]) => [name.replaceAll('-', '_'), value])));
}
