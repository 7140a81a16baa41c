import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, FormatError, writeFileAtomically } from '../../base/index.ts';
import { lsaConfig } from '../teacher-config.ts';
import type { LsaParts } from './lsa-parts.ts';
import { TfIdf } from './tf-idf.ts';

/*
 * A fitted LSA is two files in one folder.
 *
 * `lsa.json` names everything but the numbers: the fields of `manifest` below; `terms` in column order.
 * `lsa-<digest>.f32` holds float32 values, little-endian, without padding, in this order:
 *   inverse document frequencies [terms], singular values [dimension], components [terms, dimension] row-major.
 * <digest> is the first 16 hexadecimal digits of the sha-256 of the binary file, whose whole digest stands in the JSON file. The JSON file is
 * replaced last, so at every moment it names a complete binary file.
 */

const FORMAT_VERSION = 1;

const manifest = z.strictObject({
  format: z.literal('cem-lsa'),
  version: z.literal(FORMAT_VERSION),
  config: lsaConfig,
  fittedOn: z.number().int().positive(),
  dimension: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  terms: z.array(z.string()),
});

const MANIFEST_FILE = 'lsa.json';
const binaryFile = (sha256: string) => `lsa-${sha256.slice(0, 16)}.f32`;

/** Whether the file that is written last is there. */
export function hasLsa(folder: string): boolean {
  return existsSync(join(folder, MANIFEST_FILE));
}

export async function writeLsa(folder: string, parts: LsaParts): Promise<void> {
  const { config, fittedOn, dimension, tfIdf } = parts;
  const binary = Buffer.concat([tfIdf.inverseFrequencies, parts.singularValues, parts.components].map(littleEndianBytes));
  const sha256 = createHash('sha256').update(binary).digest('hex');
  const content: z.input<typeof manifest> = {
    format: 'cem-lsa',
    version: FORMAT_VERSION,
    config,
    fittedOn,
    dimension,
    sha256,
    terms: [...tfIdf.terms],
  };
  await mkdir(folder, { recursive: true });
  await writeFileAtomically(join(folder, binaryFile(sha256)), binary);
  await writeFileAtomically(join(folder, MANIFEST_FILE), Buffer.from(`${JSON.stringify(content)}\n`));
  for (const name of await readdir(folder)) {
    if (/^lsa-[0-9a-f]{16}\.f32$/.test(name) && name !== binaryFile(sha256)) await rm(join(folder, name), { force: true });
  }
}

export async function readLsa(folder: string): Promise<LsaParts> {
  const path = join(folder, MANIFEST_FILE);
  const content = parseManifest(path, await readOrThrow(path));
  const binaryPath = join(folder, binaryFile(content.sha256));
  const binary = await readOrThrow(binaryPath);
  const got = createHash('sha256').update(binary).digest('hex');
  if (got !== content.sha256) {
    throw damaged(binaryPath, `its sha-256 is ${got}, ${MANIFEST_FILE} says ${content.sha256}`);
  }
  const { config, fittedOn, dimension, terms } = content;
  const floats = readFloats(binary);
  const expected = terms.length + dimension + terms.length * dimension;
  if (floats.length !== expected || binary.length % 4 !== 0) {
    throw damaged(
      binaryPath,
      `${terms.length} terms and ${dimension} dimensions need ${4 * expected} bytes, it has ${binary.length}`,
    );
  }
  const componentsAt = terms.length + dimension;
  return {
    config,
    fittedOn,
    dimension,
    tfIdf: new TfIdf(config, terms, floats.slice(0, terms.length)),
    singularValues: floats.slice(terms.length, componentsAt),
    components: floats.subarray(componentsAt),
  };
}

function parseManifest(path: string, bytes: Uint8Array): z.output<typeof manifest> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw damaged(path, 'it is not JSON', cause);
  }
  const parsed = manifest.safeParse(json);
  if (!parsed.success) throw damaged(path, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error);
  return parsed.data;
}

async function readOrThrow(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CemError(
      'LSA_NOT_FITTED',
      `No fitted LSA here: ${path} cannot be read. Train with the lsa teacher first, or name the run's teacher folder.`,
      {
        details: { path },
        cause,
      },
    );
  }
}

function damaged(path: string, what: string, cause?: unknown): FormatError {
  return new FormatError('LSA_DAMAGED', `${path} is damaged: ${what}. Fit the teacher again.`, { details: { path }, cause });
}

function littleEndianBytes(array: Float32Array): Uint8Array {
  const bytes = Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32();
}

function readFloats(bytes: Buffer): Float32Array {
  const copy = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 4)));
  const aligned = new Uint8Array(copy.length);
  aligned.set(endianness() === 'LE' ? copy : copy.swap32());
  return new Float32Array(aligned.buffer);
}
