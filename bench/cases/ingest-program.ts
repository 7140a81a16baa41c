/**
 * `node --import tsx bench/cases/ingest-program.ts FILES COLLECTION BACKEND`: ingests files into a new collection and prints a line of JSON as each stage begins (`{ "stage" }`), and what came
 * out at the end (`{ "result" }`).
 */
import { silentListener } from '../../base/index.ts';
import { ingest } from '../../recipes/index.ts';

const [, , files = '', collection = '', backend = 'auto'] = process.argv;
const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const result = await ingest({
  paths: [files],
  into: collection,
  backend,
  listener: {
    note: () => undefined,
    stage: (name) => {
      print({ stage: name });
      return silentListener.stage(name);
    },
  },
});
print({ result });
