/** A query is taken for Chinese when it has at least so many Han characters for each Latin letter: a Chinese word of two stands for about eight letters. */
const HAN_PER_LETTER = 0.25;

/** The language that a query is answered in: identifiers in Latin letters do not make a Chinese question English. */
export function languageOf(query: string): 'zh' | 'en' {
  const han = query.match(/\p{Script=Han}/gu)?.length ?? 0;
  const letters = query.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return han > 0 && han >= HAN_PER_LETTER * letters ? 'zh' : 'en';
}
