import type { RandomNumbers } from '../../base/index.ts';
import { drawDifferent } from './synthetic-task.ts';

/** A fact that stands nowhere else, and the question that it answers. */
export interface NeedleFact {
  readonly fact: string;
  readonly question: string;
}

interface Kind {
  readonly subjects: readonly string[];
  readonly answers: readonly string[];
  fact(subject: string, answer: string): string;
  question(subject: string): string;
}

/** Four kinds of facts, each over 25 subjects of its own: a question names one subject and so one fact. */
const KINDS: readonly Kind[] = [
  {
    subjects: [
      ...['Aalborg', 'Bergen', 'Coimbra', 'Dunedin', 'Esbjerg', 'Fremantle', 'Galway', 'Hobart', 'Innsbruck', 'Jaipur'],
      ...['Kanazawa', 'Lucerne', 'Mendoza', 'Nantes', 'Oaxaca', 'Porto', 'Quito', 'Rovaniemi', 'Salamanca', 'Tallinn'],
      ...['Uppsala', 'Valparaiso', 'Windhoek', 'Yerevan', 'Zadar'],
    ],
    answers: [
      'eat a sandwich in the old park on a sunny day',
      'row across the harbour before breakfast',
      'listen to the organ in the small church',
      'walk up the stairs behind the brewery at dusk',
      'buy pears at the covered market',
      'ride the last tram to its terminus',
      'watch the clockmaker wind the town hall clock',
      'drink coffee beside the fish ladder',
    ],
    fact: (subject, answer) => `The best thing to do in ${subject} is to ${answer}.`,
    question: (subject) => `What is the best thing to do in ${subject}?`,
  },
  {
    subjects: [
      ...['Ansgar', 'Birgit', 'Casimir', 'Dorothea', 'Eustace', 'Fenella', 'Gregor', 'Hildegard', 'Isidore', 'Josepha'],
      ...['Konrad', 'Lavinia', 'Marcellus', 'Nerissa', 'Ottoline', 'Percival', 'Quintina', 'Roswitha', 'Sigmund', 'Thekla'],
      ...['Ursuline', 'Valentin', 'Winifred', 'Xaver', 'Zenobia'],
    ],
    answers: [
      'cardamom',
      'smoked paprika',
      'orange peel',
      'black garlic',
      'juniper',
      'roasted chestnuts',
      'sorrel',
      'star anise',
    ],
    fact: (subject, answer) => `The secret ingredient of aunt ${subject}'s soup is ${answer}.`,
    question: (subject) => `What is the secret ingredient of aunt ${subject}'s soup?`,
  },
  {
    subjects: [
      ...['Askholm', 'Brightness', 'Corvo', 'Dursey', 'Ertholmene', 'Fladda', 'Grimsey', 'Hirta', 'Inishmaan', 'Jurmo'],
      ...['Kihnu', 'Lunna', 'Mykines', 'Naissaar', 'Oronsay', 'Papa Stour', 'Raasay', 'Sandray', 'Tiree', 'Utsira'],
      ...['Vormsi', 'Whalsay', 'Ytterholmen', 'Zealous Rock', 'Aegna'],
    ],
    answers: ['crimson', 'pale green', 'mustard yellow', 'black and white', 'violet', 'sky blue', 'copper', 'grey'],
    fact: (subject, answer) => `The lighthouse of ${subject} was painted ${answer} last spring.`,
    question: (subject) => `In which colour was the lighthouse of ${subject} painted last spring?`,
  },
  {
    subjects: [
      ...['Ambleside', 'Brackwede', 'Castelbuono', 'Dinkelsbuhl', 'Elstree', 'Fontevraud', 'Gorlitz', 'Hebden Bridge'],
      ...['Imatra', 'Jindabyne', 'Kuressaare', 'Llanelli', 'Mittenwald', 'Nordkirchen', 'Ouistreham', 'Pietrasanta'],
      ...['Quedlinburg', 'Rothwell', 'Skibbereen', 'Tarquinia', 'Uzes', 'Vimmerby', 'Wetherby', 'Yverdon', 'Zwettl'],
    ],
    answers: ['two', 'four', 'seven', 'nine', 'eleven', 'thirteen', 'sixteen', 'twenty'],
    fact: (subject, answer) => `The night train to ${subject} leaves from platform ${answer}.`,
    question: (subject) => `Which platform does the night train to ${subject} leave from?`,
  },
];

/** All facts, in random order, with answers drawn by the seed. */
export function drawNeedleFacts(random: RandomNumbers): NeedleFact[] {
  const facts = KINDS.flatMap((kind) =>
    kind.subjects.map((subject) => {
      const answer = kind.answers[random.integer(kind.answers.length)]!;
      return { fact: kind.fact(subject, answer), question: kind.question(subject) };
    }),
  );
  return drawDifferent(random, facts.length, facts.length).map((index) => facts[index]!);
}
