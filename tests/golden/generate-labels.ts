// Writes the golden files of labels and of known text: `node --import tsx tests/golden/generate-labels.ts`. Run it only together with a change of LABELS.md or KNOWN-TEXT.md and of the version.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { knownTextOf, writeKnownText } from '../../checkpoints/store/known-text.ts';
import { LabelFileWriter } from '../../encoders/cache/label-file.ts';
import { GOLDEN_KEYS, GOLDEN_LABEL_TEACHER, GOLDEN_TEXTS, GOLDEN_VECTORS } from './labels-content.ts';

const folder = fileURLToPath(new URL('./labels/', import.meta.url));
await mkdir(folder, { recursive: true });
const file = await LabelFileWriter.create(`${folder}v1.labels`, GOLDEN_LABEL_TEACHER);
await file.append({ keys: GOLDEN_KEYS, vectors: Float32Array.from(GOLDEN_VECTORS.flat()) });
await file.finish();
await writeKnownText(`${folder}v1-known-text.bin`, knownTextOf(GOLDEN_TEXTS, [3, 4]));
