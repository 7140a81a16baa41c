import { ASK } from './ask.ts';
import { BASE } from './base.ts';
import { COLLECTIONS } from './collections.ts';
import { CONTROLS } from './controls.ts';
import { SEARCH } from './search.ts';
import { SHEET } from './sheet.ts';
import { TOKENS } from './tokens.ts';

/** The page's style sheet. */
export const SITE_STYLE = [TOKENS, BASE, CONTROLS, ASK, SHEET, SEARCH, COLLECTIONS].join('');
