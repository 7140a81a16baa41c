import { RandomNumbers, UsageError } from '../../base/index.ts';
import {
  countWords,
  drawDifferent,
  largestWordCount,
  nameDocuments,
  SYNTHETIC_DOCUMENTS,
  type SyntheticTask,
} from './synthetic-task.ts';

/** What a document is filled with, a sentence at a time (Mohtashami and Jaggi 2023, arXiv 2305.16300). */
const FILLER = ['The grass is green.', 'The sky is blue.', 'The sun is yellow.', 'Here we go.', 'There and back again.'] as const;

const FIRST_NAMES = [
  ...['Abena', 'Adele', 'Akira', 'Amara', 'Anton', 'Beatriz', 'Bruno', 'Carmen', 'Cedric', 'Dalia'],
  ...['Dmitri', 'Elena', 'Emil', 'Farah', 'Felix', 'Greta', 'Hassan', 'Ingrid', 'Ivan', 'Jasmin'],
  ...['Jonas', 'Kamala', 'Kenji', 'Leila', 'Luca', 'Marta', 'Mateo', 'Nadia', 'Nils', 'Olga'],
  ...['Omar', 'Paula', 'Quentin', 'Rosa', 'Samuel', 'Tamar', 'Ulrich', 'Vera', 'Wanda', 'Yusuf'],
] as const;
const LAST_NAMES = [
  ...['Abbott', 'Alvarez', 'Bauer', 'Becker', 'Castillo', 'Chandra', 'Dubois', 'Eriksen', 'Farkas', 'Fischer'],
  ...['Garcia', 'Haddad', 'Hoffmann', 'Ishikawa', 'Jansen', 'Kowalski', 'Kruger', 'Lambert', 'Lindholm', 'Mancini'],
  ...['Mbeki', 'Moreau', 'Nakamura', 'Novak', 'Okafor', 'Petrov', 'Quispe', 'Rahman', 'Rossi', 'Santos'],
  ...['Schmidt', 'Silva', 'Tanaka', 'Thorne', 'Ungaro', 'Vargas', 'Weber', 'Yamada', 'Zeller', 'Zhang'],
] as const;

/** Keys have five digits, the first not 0. */
const SMALLEST_KEY = 10_000;
const KEYS = 90_000;

/**
 * Passkey retrieval: sentences that say nothing, and at a random place among them one person's key. The same length and seed give the same task.
 *
 * @throws UsageError `LONG_EMBED_LENGTH` for a length that the key alone fills
 */
export function generatePasskey(length: number, seed: number): SyntheticTask {
  const random = new RandomNumbers(seed, `passkey ${length}`);
  const people = drawDifferent(random, SYNTHETIC_DOCUMENTS, FIRST_NAMES.length * LAST_NAMES.length);
  const keys = drawDifferent(random, SYNTHETIC_DOCUMENTS, KEYS);
  const facts = people.map((person, index) => {
    const name = `${FIRST_NAMES[person % FIRST_NAMES.length]} ${LAST_NAMES[Math.floor(person / FIRST_NAMES.length)]}`;
    const key = SMALLEST_KEY + keys[index]!;
    const secret = `${name}'s pass key is ${key}. Remember it. ${key} is the pass key for ${name}.`;
    return { text: hide(secret, length, random), query: `what is the passkey for ${name}?` };
  });
  return nameDocuments('passkey', length, seed, facts);
}

/** As many filler sentences as fit, with the secret before one of them or behind the last. */
function hide(secret: string, length: number, random: RandomNumbers): string {
  const sentences: string[] = [];
  let left = largestWordCount(length) - countWords(secret);
  for (;;) {
    const sentence = FILLER[sentences.length % FILLER.length]!;
    left -= countWords(sentence);
    if (left < 0) break;
    sentences.push(sentence);
  }
  if (sentences.length === 0) {
    throw new UsageError(
      'LONG_EMBED_LENGTH',
      `a text of ${length} tokens has no room for a key among other sentences; the shortest length of LongEmbed is 256`,
    );
  }
  sentences.splice(random.integer(sentences.length + 1), 0, secret);
  return sentences.join(' ');
}
