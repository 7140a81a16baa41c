import type { StoredBytes } from '../encoders/encoder-evaluation.ts';

/** A form in which the same texts can be stored. */
interface StorageForm {
  readonly name: string;
  readonly bytes: number;
  /** Whether it is what this product stores. */
  readonly own: boolean;
}

/** Forms that an evaluation measured, as tables and reports list them. */
export function storageForms(bytes: StoredBytes): StorageForm[] {
  const form = (name: string, size: number, own = false): StorageForm => ({ name, bytes: size, own });
  return [
    form('raw text', bytes.text),
    form('gzip, each document', bytes.gzip_per_document),
    form('zstd, each document', bytes.zstd_per_document),
    form('zpkg', bytes.container, true),
    form('mapping', bytes.mapping, true),
    ...(bytes.metadata > 0 ? [form('metadata', bytes.metadata, true)] : []),
    form('gzip, whole corpus', bytes.gzip),
    form('zstd, whole corpus', bytes.zstd),
    ...Object.entries(bytes.vectors).map(([row, size]) => form(`vectors (${row}, float32)`, size)),
  ];
}
