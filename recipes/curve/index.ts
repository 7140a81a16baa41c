/** Encoders are trained under one budget for several pack settings and inputs: saving against retention. Loads TensorFlow.js. */
export { type CurveOptions, curve } from './curve.ts';
export { curveText } from './curve-files.ts';
export type { CurveBudget, CurveFiles, CurvePoint, CurveResult } from './curve-result.ts';
