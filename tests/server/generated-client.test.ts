import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listen } from '../../server/index.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { PYTHON, runPython } from '../python.ts';
import { openFixture } from './collections-fixture.ts';

const test = suite('a client that openapi-python-client generates');

/** Uses what was generated as its documentation says: a module an operation, a class a schema. */
const PROGRAM = `
import json, sys
sys.path.insert(0, sys.argv[2])
from generated import Client
from generated.api.answers import post_v1_answers
from generated.api.collections import delete_v1_collections_name, get_v1_collections, post_v1_collections
from generated.api.documents import delete_v1_collections_name_documents_id, get_v1_collections_name_documents
from generated.api.search import post_v1_search
from generated.models import *

client = Client(base_url=sys.argv[1])
result = {}
created = post_v1_collections.sync(client=client, body=PostV1CollectionsBody(name="docs"))
result["created"] = created.name
# Operations with two kinds of bodies are generated without an import that they need (0.29): this one is sent by the generated client as it is.
documents = [
    {"source": "lamp.md", "text": "The lantern is lit before sunset."},
    {"source": "sea.md", "text": "The harbour is closed in storms."},
]
sent = client.get_httpx_client().post("/v1/collections/docs/documents", json={"documents": documents, "wait": True})
put = ChangeResult.from_dict(sent.json())
result["put"] = [item.source for item in put.put]
filter_ = AndFilter(and_=[NotFilter(not_=EqualsFilter(field="source", equals="sea.md"))])
found = post_v1_search.sync(client=client, body=PostV1SearchBody(collection="docs", query="lantern", k=3, filter_=filter_))
result["found"] = [hit.text for hit in found.results]
answer = post_v1_answers.sync(client=client, body=PostV1AnswersBody(collection="docs", question="lantern"))
result["cited"] = [citation.document == found.results[0].id for citation in answer.citations]
listed = get_v1_collections_name_documents.sync(name="docs", client=client)
delete_v1_collections_name_documents_id.sync(name="docs", id=listed.documents[0].id, client=client)
result["left"] = len(get_v1_collections_name_documents.sync(name="docs", client=client).documents)
delete_v1_collections_name.sync_detailed(name="docs", client=client)
result["collections"] = len(get_v1_collections.sync(client=client).collections)
missing = get_v1_collections_name_documents.sync(name="docs", client=client)
result["missing"] = missing.error.code
print(json.dumps(result))
`;

if (PYTHON === undefined) {
  test.skip('skipped: CEM_PYTHON names no Python with the package openapi-python-client', () => undefined);
  console.log('generated client: skipped, CEM_PYTHON names no Python with the package openapi-python-client');
} else {
  test('collections, documents, search with a filter, answers and errors', () =>
    withTemporaryFolder(async (folder) => {
      const { server } = await openFixture();
      try {
        const url = await listen(server, { host: '127.0.0.1', port: 0 });
        const description = join(folder, 'openapi.json');
        await writeFile(description, (await server.inject({ url: '/openapi.json' })).body);
        const config = join(folder, 'config.yaml');
        // Nothing formats it.
        await writeFile(config, 'post_hooks: []\n');
        const generate = [
          'generate',
          '--path',
          description,
          '--config',
          config,
          '--meta',
          'none',
          '--output-path',
          join(folder, 'generated'),
        ];
        const made = await runPython(['-m', 'openapi_python_client', ...generate, '--fail-on-warning']);
        assert.is(made.status, 0, made.output);
        const { status, output } = await runPython(['-c', PROGRAM, url, folder]);
        assert.is(status, 0, output);
        assert.equal(JSON.parse(output.trim().split('\n').at(-1)!), {
          created: 'docs',
          put: ['lamp.md', 'sea.md'],
          found: ['The lantern is lit before sunset.'],
          cited: [true],
          left: 1,
          collections: 0,
          missing: 'COLLECTION_MISSING',
        });
      } finally {
        await server.close();
      }
    }));
}

test.run();
