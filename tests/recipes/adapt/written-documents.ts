import { RandomNumbers } from '../../../base/index.ts';
import type { Document } from '../../../data/index.ts';

const SUBJECTS = [
  'the harbour pilot',
  'a lighthouse keeper',
  'the night ferry',
  'an old chart maker',
  'the salvage crew',
  'a coastal radio',
];
const VERBS = ['measures', 'repairs', 'describes', 'forgets', 'carries', 'follows', 'inspects', 'paints'];
const OBJECTS = [
  'the eastern channel',
  'a broken anchor',
  'seven green lanterns',
  'the tide tables',
  'a map of shoals',
  'the fog signal',
];
const PLACES = [
  'before the spring storms',
  'near the northern breakwater',
  'with great patience',
  'every second winter',
  'for the harbour office',
];

/** Documents of made-up sentences, each about a few of these things; the same ones each time. */
export function writtenDocuments(count: number): Document[] {
  const random = new RandomNumbers(5, 'written documents');
  const one = (words: readonly string[]) => words[random.integer(words.length)]!;
  return Array.from({ length: count }, (_, number) => {
    const [subjects, verbs, objects, places] = [SUBJECTS, VERBS, OBJECTS, PLACES].map((words) => [one(words), one(words)]);
    const sentences = Array.from({ length: 5 }, (_, place) => {
      const words = `${one(subjects!)} ${one(verbs!)} ${one(objects!)} and ${one(verbs!)} ${one(objects!)} ${one(places!)} for ${number + place} hours.`;
      return words.charAt(0).toUpperCase() + words.slice(1);
    });
    return { id: `d${number}`, title: '', text: `${sentences.join(' ')} Buoy${number} stays.` };
  });
}
