/** Where the jobs of a shared collection are. */
export const jobsPlaceOptions = {
  database: {
    type: 'string',
    demandOption: true,
    describe: 'the PostgreSQL server of the collection, as postgres://user:password@host:port/database',
  },
  segments: { type: 'string', demandOption: true, describe: 's3://BUCKET/PREFIX of the collection' },
} as const;
