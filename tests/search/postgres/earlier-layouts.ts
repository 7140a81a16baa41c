/** Tables as earlier versions made them: their statements, their settings, what they stored for a vector of zeros, and their indexes. */
export const EARLIER_LAYOUTS = {
  1: {
    statements: (name: string, dimension: number) => [
      `create table ${name}_chunks (
        document text collate "C" not null,
        chunk integer not null,
        fingerprint text not null,
        metadata jsonb not null,
        vector vector(${dimension}) not null,
        primary key (document, chunk)
      )`,
    ],
    settings: '',
    zeros: "'[0,0]'",
    indexes: ['_pkey'],
  },
  2: {
    statements: (name: string, dimension: number) => [
      `create table ${name}_chunks (
        document text collate "C" not null,
        chunk integer not null,
        fingerprint text not null,
        metadata jsonb not null,
        vector vector(${dimension})
      )`,
      `create unique index ${name}_chunks_key on ${name}_chunks
        ((sha256(decode(replace(document, chr(92), chr(92) || chr(92)), 'escape'))), chunk)`,
      `create index ${name}_chunks_labels on ${name}_chunks
        using gin ((coalesce(nullif(metadata -> 'labels', '[]'::jsonb), '[""]'::jsonb)))`,
    ],
    settings: "('layout', '2'), ",
    zeros: 'null',
    indexes: ['_key', '_labels'],
  },
} as const;
