// Embeds 100,000 texts into the cache in the folder that the first argument names; the test kills it long before its end.
import { TeacherCache } from '../../../encoders/cache/teacher-cache.ts';

const cache = await TeacherCache.open(process.argv[2]!, { id: 'endless', revision: 'r1', dimension: 3, settings: {} });
// The longest texts come first in a batch, equal lengths in the order given: so these are done from the first on.
const texts = Array.from({ length: 100_000 }, (_, i) => `text ${100_000 - i}`);
await cache.getOrCompute(
  texts,
  'document',
  async (missing) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      rows: missing.length,
      dimension: 3,
      data: Float32Array.from(missing.flatMap((text) => [Number(text.slice(5)), 1, 0])),
    };
  },
  (done) => process.stdout.write(`${done}\n`),
);
