/** Which configuration follows from what a project is like, by figures that were measured. */

export { type Advice, advice, type Decision, type ProjectFigures } from './advice.ts';
export { type AdviseOptions, type AdviseResult, advise } from './advise.ts';
export { MEASURED, type MeasuredFigure } from './measured-figures.ts';
