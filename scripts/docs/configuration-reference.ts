import {
  entropyRunConfigSchema,
  imageRunConfigSchema,
  queryHeadRunConfigSchema,
  rerankerRunConfigSchema,
  runConfigSchema,
} from '../../configs/index.ts';
import { sweepConfigSchema } from '../../training/index.ts';
import { rowsOf, type SchemaNode, schemaOf, tableOf } from './schema-rows.ts';

/** Has the keys of `model` once more. */
const REPEATED = new Set(['model.query']);

/** One table for each key at the top, those of single values together in the first. */
function tables(schema: SchemaNode): string[] {
  const entries = Object.entries(schema.properties ?? {}).map(([key, node]) => {
    const rows = rowsOf(node, key, schema.required?.includes(key) ?? false, REPEATED);
    return { key, rows, isGroup: rows.length > 1 || rows[0]?.path !== key };
  });
  const single = entries.filter(({ isGroup }) => !isGroup).flatMap(({ rows }) => rows);
  const groups = entries.filter(({ isGroup }) => isGroup);
  return [tableOf(single), ...groups.flatMap(({ key, rows }) => [`### \`${key}\``, tableOf(rows)])];
}

/** docs/configuration.md: every key of a run's YAML file, from the schemas themselves. */
export function configurationReference(): string {
  const parts = [
    '# Configuration',
    'Made by `npm run docs` from the schemas; do not edit.',
    'A run is one YAML file ([configs/](../configs)). Defaults < file < `--set a.b=c`; an unknown key is refused with its path. The run folder and every checkpoint hold the resolved configuration. ' +
      'A dash: the key may be absent, and then what it names is not done, or is done as the last column says. The rows after one that sets `kind` are of that kind. The [training guide](training.md) says which settings go with which data.',
    '## A run that trains an encoder',
    ...tables(schemaOf(runConfigSchema)),
    '## `sweep`: many runs from one file',
    '`cem train --sweep` reads this key beside those of a run.',
    tableOf(rowsOf(schemaOf(sweepConfigSchema), 'sweep', false)),
    '## A run that trains an entropy model',
    'The byte language model of entropy patching: `kind: entropy-model` tells such a file from the others.',
    ...tables(schemaOf(entropyRunConfigSchema)),
    '## A run that trains a reranker',
    'A cross-encoder that reads queries and texts together: `kind: reranker` tells such a file from the others.',
    ...tables(schemaOf(rerankerRunConfigSchema)),
    '## A run that trains a head over token vectors',
    'A projection of the token vectors of a frozen encoder, for vector groups: `kind: query-head` tells such a file from the others.',
    ...tables(schemaOf(queryHeadRunConfigSchema)),
    '## A run that trains an image tower',
    'Pictures are drawn to where a text teacher puts their captions: `kind: image-tower` tells such a file from the others.',
    ...tables(schemaOf(imageRunConfigSchema)),
  ];
  return `${parts.join('\n\n')}\n`;
}
