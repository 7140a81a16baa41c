import { chineseReport } from './chinese-report.ts';
import { drawNumbers } from './draw-numbers.ts';
import { englishReport } from './english-report.ts';
import { financeQuestions } from './finance-questions.ts';

const YEARS = [2020, 2021, 2022, 2023];

/** The files of examples/finance by name: reports of two companies that do not exist, four years each, and questions about them with the cells that answer them. */
export function drawFinance(): ReadonlyMap<string, string> {
  const [english, chinese] = [drawNumbers(7, YEARS), drawNumbers(11, YEARS)];
  const files = new Map<string, string>();
  for (const numbers of english) files.set(`reports/larchwood-${numbers.year}.md`, englishReport(numbers));
  for (const numbers of chinese) files.set(`reports/qinghe-${numbers.year}.md`, chineseReport(numbers));
  const lines = financeQuestions(english, chinese).map((question) => JSON.stringify(question));
  return files.set('questions.jsonl', `${lines.join('\n')}\n`);
}
