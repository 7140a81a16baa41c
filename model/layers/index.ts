/** Layers of the network as tfjs layers, each with its gradient. Importing this makes them known to tfjs; nothing here needs Node. */
import './register-layers.ts';

export { bandValues } from './attention.ts';
export { MASKED_SCORE } from './operations.ts';
export { quarterTurn, rotaryAngles } from './rotary.ts';
