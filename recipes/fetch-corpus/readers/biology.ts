import { join } from 'node:path';
import { runTool } from '../packages/run-tool.ts';
import { filesOf, oneLine, readText } from './files-of.ts';
import type { SourceText } from './source-text.ts';

/** Terms that a passage joins: neighbours by their number are of one subject. */
const JOINED = 5;
const TERMS = `
import json, sqlite3, sys
for row in sqlite3.connect(sys.argv[1]).execute("select term, definition from go_term where go_id like 'GO:%' order by go_id"):
    print(json.dumps(row))
`;

/** Terms of the Gene Ontology with their definitions, from the SQLite file of an R package, which Python reads. */
export async function* readGeneOntology(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/GO\.sqlite$/)) {
    let passage: string[] = [];
    for (const line of (await runTool('python3', ['-c', TERMS, join(folder, path)])).split('\n')) {
      if (line === '') continue;
      const [term, definition] = JSON.parse(line) as [string, string | null];
      if (definition === null || term.startsWith('obsolete')) continue;
      yield { kind: 'name', text: term };
      const text = `${term}: ${oneLine(definition)}`;
      yield { kind: 'definition', text };
      passage.push(`${text[0]!.toUpperCase()}${text.slice(1)}`);
      if (passage.length === JOINED) {
        yield { kind: 'passage', text: passage.join(' ') };
        passage = [];
      }
    }
  }
}

/** Records of GNU Health: diseases of UniProt with their descriptions; genes with their long names. */
export async function* readHealthRecords(folder: string): AsyncGenerator<SourceText> {
  for (const path of await filesOf(folder, /\/data\/(?:protein_diseases|human_genes_grch38)\.xml$/)) {
    for (const record of (await readText(folder, path)).split('</record>')) {
      const field = (name: string) => unescapeXml(new RegExp(`<field name="${name}">([^<]*)</field>`).exec(record)?.[1] ?? '');
      const disease = field('disease_name');
      if (disease !== '') {
        yield { kind: 'name', text: disease };
        const text = `${disease}: ${oneLine(field('description'))}`;
        yield { kind: text.length > 400 ? 'passage' : 'definition', text };
      } else if (field('gene_type') === 'protein_coding' && field('long_name') !== '') {
        yield { kind: 'definition', text: `${field('name')}: ${field('long_name')}` };
        yield { kind: 'name', text: field('long_name') };
      }
    }
  }
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}
