import type { Multipart } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { isCemError, messageOf } from '../../base/index.ts';
import type { DocumentToPut } from '../collection-service.ts';
import { HttpError } from '../errors.ts';
import { describeIssue, sourceSchema, uploadFields } from '../schemas/index.ts';

export interface Upload {
  readonly documents: readonly DocumentToPut[];
  readonly wait: boolean;
}

const CODE = 'UPLOAD';

/**
 * The files and fields of a multipart body.
 *
 * @param mostBytes of all files together
 * @throws HttpError 400 `UPLOAD`, 413; and what the parser throws, which has the status of its own
 */
export async function readUpload(request: FastifyRequest, mostBytes: number): Promise<Upload> {
  const { files, values } = await readParts(request, mostBytes);
  if (files.length === 0) throw new HttpError(400, 'the body has no files', { code: CODE });
  const parsed = uploadFields.safeParse(Object.fromEntries([...values].map(([name, given]) => [name, fieldValue(name, given)])));
  if (!parsed.success) throw new HttpError(400, describeIssue(parsed.error, 'the fields'), { code: CODE });
  const { labels, fields, format, wait } = parsed.data;
  const documents = files.map((file) => ({
    ...file,
    ...(labels && { labels }),
    ...(fields && { fields }),
    ...(format !== undefined && { format }),
  }));
  return { documents, wait };
}

interface Parts {
  readonly files: { readonly source: string; readonly content: Buffer }[];
  readonly values: Map<string, unknown[]>;
}

async function readParts(request: FastifyRequest, mostBytes: number): Promise<Parts> {
  const files: Parts['files'] = [];
  const values: Parts['values'] = new Map();
  let bytes = 0;
  try {
    for await (const part of request.parts() as AsyncIterable<Multipart>) {
      if (part.type === 'file') {
        const content = await part.toBuffer();
        bytes += content.length;
        if (bytes > mostBytes) throw new HttpError(413, `the files may have ${mostBytes} bytes in all, not more`);
        files.push({ source: sourceOf(part.filename), content });
      } else values.set(part.fieldname, [...(values.get(part.fieldname) ?? []), part.value]);
    }
  } catch (error) {
    // The parser's refusals have a status; what has none is of bytes that it could not read.
    if (isCemError(error) || 'statusCode' in (error as object)) throw error;
    throw new HttpError(400, `the body is no form that can be read: ${messageOf(error)}`, { code: CODE });
  }
  return { files, values };
}

function sourceOf(filename: string): string {
  const parsed = sourceSchema.safeParse(filename);
  if (parsed.success) return parsed.data;
  throw new HttpError(400, describeIssue(parsed.error, `the file name ${JSON.stringify(filename.slice(0, 100))}`), {
    code: CODE,
  });
}

/** What a field says: labels may come as several fields, as a JSON list, or as one label. */
function fieldValue(name: string, given: readonly unknown[]): unknown {
  if (name === 'labels') return given.flatMap((value) => (looksLike(value, '[') ? parseJson(name, value) : [value]));
  const [value, ...others] = given;
  if (others.length > 0) throw new HttpError(400, `the field ${name} comes ${given.length} times`, { code: CODE });
  return name === 'fields' && typeof value === 'string' ? parseJson(name, value) : value;
}

const looksLike = (value: unknown, start: string): value is string =>
  typeof value === 'string' && value.trimStart().startsWith(start);

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, `the field ${name} is not JSON`, { code: CODE });
  }
}
