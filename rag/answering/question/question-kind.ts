/** What a question asks for, as far as its words say. */
export type QuestionKind = 'person' | 'time' | 'place' | 'number' | 'reason' | 'manner' | 'thing';

/** The first that fits counts. */
const KINDS: readonly (readonly [QuestionKind, RegExp])[] = [
  [
    'number',
    /\bhow (?:many|much|long|old|far|tall|high|large|big|often|fast|deep|wide|heavy|hot|cold|close)\b|\bwhat (?:percentage|percent|number|amount|share|proportion|fraction|age)\b|\bwhat (?:is|was|were|are) the (?:[\w-]+ )?(?:number|percentage|population|average|temperature|distance|score|size|cost|price|length|height|width|weight|area)\b/i,
  ],
  ['time', /\bwhen\b|\b(?:what|which) (?:[\w-]+ )?(?:years?|dates?|days?|months?|centur(?:y|ies)|decades?|time|era|season)\b/i],
  [
    'person',
    /\bwho(?:m|se)?\b|\b(?:what|which) (?:[\w-]+ )?(?:person|people|player|man|woman|king|queen|president|author|artist|scientist|researcher|leader|emperor|general|actor|actress|singer|architect|philosopher|inventor|quarterback|coach)\b/i,
  ],
  [
    'place',
    /\bwhere\b|\b(?:what|which) (?:[\w-]+ )?(?:country|countries|city|cities|state|region|continent|river|town|village|county|province|area|place|location|island|ocean|sea|mountain|street|district|stadium)\b/i,
  ],
  ['reason', /\bwhy\b|\bfor what reason\b|\bwhat (?:caused|causes|is the reason)\b/i],
  ['manner', /\bhow\b/i],
  ['thing', /\b(?:what|which)\b/i],
  ['person', /谁|何人|哪位|哪一位|哪个人|哪些人|哪名|什么人/u],
  [
    'time',
    /何时|什么时候|什么时间|哪一?年|哪一?天|哪一?月|哪个(?:年代|世纪|时期|朝代|月)|几月|几号|哪年|什么(?:年代|时期|朝代)|何年/u,
  ],
  ['number', /多少|几(?!乎)|多(?:大|长|高|久|远|重|深|宽|快|厚)|第几|百分之几/u],
  ['place', /哪里|哪儿|何处|何地|什么地方|在哪|哪个?(?:一?座?)(?:国家|国|城市|市|地区|省|州|县|洲|地方|岛|河)/u],
  ['reason', /为什么|为何|为啥|何故|什么原因|原因是什么/u],
  ['manner', /如何|怎么|怎样/u],
];

/** What a question in English or Chinese asks for; a thing where its words do not say. */
export function questionKind(question: string): QuestionKind {
  return KINDS.find(([, pattern]) => pattern.test(question))?.[0] ?? 'thing';
}

/** Words that ask, and say nothing of what is asked about. */
const ASKING =
  /\bhow (?:many|much|long|old|far|tall|high|large|big|often)\b|\b(?:what|which) (?:kinds?|types?|sorts?|names?) of\b|为什么|什么(?:时候|时间|地方)?|哪(?:一?[个位些年天里儿种家名座])?|谁|多少|几(?=[个位名次年天岁人种座条篇部])|何(?:时|处|地|人|年)|如何|怎么样?|怎样|为何|[吗呢]/giu;

/** A question without the words that ask. */
export function withoutAsking(question: string): string {
  return question.replace(ASKING, ' ');
}

const MONTHS =
  '\\b(?:January|February|March|April|May|June|July|August|September|October|November|December|(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\\b\\.?)';
const ENGLISH_NUMBER =
  'one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|twice|once|third|quarter';
const CHINESE_DIGITS = '[0-9０-９零〇一二两三四五六七八九十百千万亿几数]';

const TIME = new RegExp(
  [
    '(?:公元前?|前)?\\s*(?:[0-9０-９]{1,4}|[零〇一二三四五六七八九十]{2,4})\\s*年(?:代|初|末|底)?(?:\\s*(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\\s*月(?:份|初|底)?)?(?:\\s*(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\\s*[日号])?',
    '(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\\s*月(?:份)?(?:\\s*(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\\s*[日号])?',
    '(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})\\s*世纪(?:初|末|中叶|[0-9]{2}年代)?',
    `${MONTHS}\\s+\\d{1,2}(?:st|nd|rd|th)?(?:\\s*(?:-|–|to)\\s*\\d{1,2})?(?:,?\\s+\\d{4})?`,
    `\\d{1,2}(?:st|nd|rd|th)?\\s+(?:of\\s+)?${MONTHS}(?:,?\\s+\\d{4})?`,
    `${MONTHS}(?:,?\\s+\\d{4})?`,
    `\\b(?:early |late |mid-)?(?:the )?(?:\\d{1,2}(?:st|nd|rd|th)|first|eighteenth|nineteenth|twentieth) centur(?:y|ies)\\b`,
    '\\b\\d{3,4}s?(?:\\s*(?:BC|BCE|AD|CE))?\\b(?:\\s*(?:-|–|to)\\s*\\d{2,4})?',
  ].join('|'),
  'gu',
);
const NUMBER = new RegExp(
  [
    '(?:[$€£¥]\\s?)?\\d[\\d,]*(?:\\.\\d+)?[½¼¾]?(?:\\s*(?:million|billion|trillion|thousand|percent)\\b|\\s?%)?',
    `\\b(?:${ENGLISH_NUMBER})(?:[ -](?:${ENGLISH_NUMBER}))*\\b`,
    `(?:百分之|第)?${CHINESE_DIGITS}[0-9０-９零〇一二两三四五六七八九十百千万亿.,，]*(?:多|余)?[个位名次年天岁人万亿倍种座条篇部公英平米千吨元%％分秒小时月日点]?`,
  ].join('|'),
  'gu',
);
const NAME =
  /\p{Lu}[\p{L}\p{M}'’.-]*(?:\s+(?:(?:of|de|van|von|the|la|le|da|di|al|bin|del|der|and|&)\s+)?(?:\p{Lu}[\p{L}\p{M}'’.-]*|[IVX]+\b))*|\p{Script=Han}{1,8}(?:[·•・]\p{Script=Han}{1,8})+|《[^》]{1,30}》/gu;

/** Patterns of what could answer a question of a kind; none for those that any words could answer. */
export const ANSWER_PATTERNS: Readonly<Partial<Record<QuestionKind, RegExp>>> = {
  time: TIME,
  number: NUMBER,
  person: NAME,
  place: NAME,
};
