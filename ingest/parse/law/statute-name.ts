const STATE = '中华人民共和国';
const INTERPRETATION =
  /^(?:最高人民法院|最高人民检察院|最高人民法院、最高人民检察院)关于适用《(?:中华人民共和国)?([^》]+)》(.*)$/;

/**
 * The short name that people call a law by, by rule: 中华人民共和国刑法 is 刑法; an interpretation of the courts (最高人民法院关于适用《中华人民共和国民法典》时间效力的若干规定) is
 * named after its law. Undefined where the full name is all there is.
 */
export function aliasOf(law: string): string | undefined {
  const interpreted = INTERPRETATION.exec(law);
  if (interpreted) return `${interpreted[1]}${interpreted[2]}`;
  const bare = law.startsWith(STATE) ? law.slice(STATE.length) : '';
  return bare === '' ? undefined : bare;
}

/** What a title says of itself after its name, as editions add it: （2020修正）. */
const EDITION = /[（(]\s*\d{4}\s*年?\s*(?:[^（()）]*)?(?:修正|修订|版|公布|文本)?\s*[）)]$/;

/** The law's name, of the line that is its title. */
export function lawNameOf(title: string): string {
  return title
    .replace(/[\s\u3000]+/g, '')
    .replace(EDITION, '')
    .replace(/^《(.*)》$/, '$1');
}
