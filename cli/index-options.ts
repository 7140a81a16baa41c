/** Options of the commands that work on an index: `index`, `search`, `serve`. */
export const indexOption = { type: 'string', demandOption: true, describe: 'folder of the index' } as const;

export const databaseOption = {
  type: 'string',
  describe:
    'PostgreSQL with pgvector, as postgres://user:password@host:port/database; without it an embedded database in the index folder',
} as const;

export const modelsOption = {
  type: 'string',
  default: process.env['CEM_MODELS'],
  defaultDescription: 'CEM_MODELS',
  describe: 'folder where teachers are looked up before the hub',
} as const;
