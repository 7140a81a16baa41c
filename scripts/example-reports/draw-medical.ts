import { RandomNumbers } from '../../base/index.ts';
import type { ExampleQuestion, WantedCell } from './finance-questions.ts';
import { writeAmount, writeTable } from './write-table.ts';

const YEARS = [2019, 2022];
const GROUPS = 3;

interface Words {
  readonly language: string;
  readonly medicine: string;
  readonly file: (year: number) => string;
  readonly title: (year: number) => string;
  readonly uses: readonly [string, string];
  readonly dose: readonly [string, string];
  readonly effects: readonly [string, string];
  readonly interactions: readonly [string, string];
  readonly doseColumns: readonly string[];
  readonly groups: readonly string[];
  readonly effectColumns: readonly string[];
  readonly symptoms: readonly string[];
}

const ENGLISH: Words = {
  language: 'en',
  medicine: 'Lumerol',
  file: (year) => `lumerol-${year}.md`,
  title: (year) => `Lumerol: treatment guideline ${year}`,
  uses: [
    'Uses',
    'Lumerol lowers the pressure in blood vessels. It is for adults and for children from six years on. Lumerol is a medicine that does not exist.',
  ],
  dose: ['Doses', 'Doses of tablets by mouth, once a day (mg):'],
  effects: ['Side effects', 'Share of patients in the trial (%):'],
  interactions: [
    'Interactions',
    'Lumerol is not taken together with quintamine, which raises its level in blood. Grapefruit does the same to a smaller degree.',
  ],
  doseColumns: ['Patients', 'Starting dose', 'Maximum daily dose'],
  groups: ['Adults', 'Children', 'Reduced kidney function'],
  effectColumns: ['Side effect', 'With Lumerol', 'With placebo'],
  symptoms: ['Headache', 'Dizziness', 'Dry cough'],
};
const CHINESE: Words = {
  language: 'zh',
  medicine: '络美若',
  file: (year) => `luomeiruo-${year}.md`,
  title: (year) => `络美若用药指南${year}年版`,
  uses: ['适应症', '络美若用于降低血压，适用于成人和六岁以上儿童。络美若是虚构的药物。'],
  dose: ['用法用量', '口服片剂，每日一次，单位：mg'],
  effects: ['不良反应', '试验中出现不良反应的患者比例（%）：'],
  interactions: ['相互作用', '络美若不得与奎他明合用，后者会升高其血药浓度。西柚汁有较弱的类似作用。'],
  doseColumns: ['患者', '起始剂量', '每日最大剂量'],
  groups: ['成人', '儿童', '肾功能不全患者'],
  effectColumns: ['不良反应', '用药组', '安慰剂组'],
  symptoms: ['头痛', '头晕', '干咳'],
};

/** Numbers of one edition: doses by group, [groups, 2], and shares by symptom, [symptoms, 2]. */
interface Edition {
  readonly year: number;
  readonly doses: readonly (readonly string[])[];
  readonly shares: readonly (readonly string[])[];
}

/** The files of examples/medical by name: two editions of a guideline of a medicine that does not exist, in each language, and questions about them with the cells that answer them. */
export function drawMedical(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const editions = [drawEditions(3), drawEditions(5)] as const;
  for (const [place, words] of [ENGLISH, CHINESE].entries())
    for (const edition of editions[place]!) files.set(`guidelines/${words.file(edition.year)}`, guideline(words, edition));
  const lines = questions(...editions).map((question) => JSON.stringify(question));
  return files.set('questions.jsonl', `${lines.join('\n')}\n`);
}

function drawEditions(seed: number): Edition[] {
  const random = new RandomNumbers(seed, 'guidelines');
  return YEARS.map((year) => ({
    year,
    doses: Array.from({ length: GROUPS }, () => {
      const start = 5 * (1 + random.integer(8));
      return [writeAmount(start), writeAmount(start * (2 + random.integer(4)))];
    }),
    shares: Array.from({ length: GROUPS }, () => [(4 + 8 * random.uniform()).toFixed(1), (1 + 3 * random.uniform()).toFixed(1)]),
  }));
}

function guideline(words: Words, { year, doses, shares }: Edition): string {
  const { language, uses, dose, effects, interactions, doseColumns, groups, effectColumns, symptoms } = words;
  const rows = (names: readonly string[], values: readonly (readonly string[])[]) =>
    names.map((name, place) => [name, ...values[place]!]);
  return `${[
    `---\ntitle: "${words.title(year)}"\nlanguage: ${language}\nmedicine: ${words.medicine}\n---`,
    `# ${words.title(year)}`,
    `## ${uses[0]}`,
    uses[1],
    `## ${dose[0]}`,
    dose[1],
    writeTable(doseColumns, rows(groups, doses)),
    `## ${effects[0]}`,
    effects[1],
    writeTable(effectColumns, rows(symptoms, shares)),
    `## ${interactions[0]}`,
    interactions[1],
  ].join('\n\n')}\n`;
}

function questions(english: readonly Edition[], chinese: readonly Edition[]): ExampleQuestion[] {
  const dose = (words: Words, { year, doses }: Edition, group: number, column: number): WantedCell => ({
    text: doses[group]![column]!,
    row: words.groups[group]!,
    column: words.doseColumns[column + 1]!,
    source: words.file(year),
  });
  const share = (words: Words, { year, shares }: Edition, symptom: number, column: number): WantedCell => ({
    text: shares[symptom]![column]!,
    row: words.symptoms[symptom]!,
    column: words.effectColumns[column + 1]!,
    source: words.file(year),
  });
  const ask = (question: string, year: number, ...cells: WantedCell[]): ExampleQuestion => ({
    question,
    from: year,
    to: year,
    cells,
  });
  const [before, now] = [english[0]!, english[1]!];
  const [earlier, later] = [chinese[0]!, chinese[1]!];
  return [
    ask('What is the starting dose for children?', 2022, dose(ENGLISH, now, 1, 0)),
    ask('What is the maximum daily dose of Lumerol for adults?', 2022, dose(ENGLISH, now, 0, 1)),
    ask('What was the maximum daily dose of Lumerol for adults?', 2019, dose(ENGLISH, before, 0, 1)),
    ask('How high is the starting dose in reduced kidney function?', 2022, dose(ENGLISH, now, 2, 0)),
    ask('How many patients had a headache with Lumerol?', 2022, share(ENGLISH, now, 0, 0)),
    ask('儿童的起始剂量是多少？', 2022, dose(CHINESE, later, 1, 0)),
    ask('成人每日最大剂量是多少？', 2022, dose(CHINESE, later, 0, 1)),
    ask('成人每日最大剂量是多少？', 2019, dose(CHINESE, earlier, 0, 1)),
    ask('肾功能不全患者的起始剂量是多少？', 2022, dose(CHINESE, later, 2, 0)),
    ask('用药组出现头痛的比例是多少？', 2022, share(CHINESE, later, 0, 0)),
  ];
}
