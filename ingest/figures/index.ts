/** What documents show and do not say: their figures, each with a text that describes it, by which it is found. */
export { type DescribedFigure, describeFigures, type FigureCounts } from './describe-figures.ts';
