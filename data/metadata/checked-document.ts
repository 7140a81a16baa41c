import { CemError } from '../../base/index.ts';
import type { Document } from '../documents/document.ts';
import { checkMetadata } from './check-metadata.ts';

/**
 * A document whose metadata, which a program may have made, is what `Metadata` says.
 *
 * @throws CemError `DATA_FIELD`
 */
export function checkedDocument(document: Document): Document {
  const { metadata, ...others } = document;
  if (metadata === undefined) return document;
  return {
    ...others,
    metadata: checkMetadata({ ...metadata }, (key, wrong) => {
      const place = document.origin ?? `the document ${JSON.stringify(document.id)}`;
      return new CemError('DATA_FIELD', `${place} has metadata of which "${key}" ${wrong}`, {
        details: { id: document.id, field: key },
      });
    }),
  };
}
