import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { answerTo } from '../errors.ts';
import { CollectionTools } from './collection-tools.ts';
import type { McpCollections } from './mcp-collections.ts';
import { listCollectionsOutput, readUnitInput, readUnitOutput, searchInput, searchOutput } from './tool-schemas.ts';

/** As hosts show it. The protocol wants a version; that of the tools is theirs. */
const SERVER = { name: 'cem-rag', title: 'CEM-RAG', version: '1.0.0' };

const INSTRUCTIONS =
  'Searches collections of documents. search gives the best passages with the ids of the units that they stand in; read_unit gives all of a unit. Ids of the units of one document differ in the number at their end, so that those before and behind can be read as well. Cite sources by their title or path.';

/** Nothing is changed, asked of other machines, or different when it is asked again. */
const READ_ONLY = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

const UNIT_TEMPLATE = 'cem://collections/{collection}/units/{unit}';

export interface McpServerOptions {
  /** Whether clients are told what our own errors say, which may name paths: for programs of this machine's user. */
  readonly tellFailures?: boolean;
  /** Told of failures that are ours, of which clients hear no more than the code. */
  readonly onFailure?: (error: unknown) => void;
}

/** A server of the protocol over collections, not yet connected. It serves one client. */
export async function createMcpServer(
  collections: McpCollections,
  { tellFailures = false, onFailure = () => {} }: McpServerOptions = {},
): Promise<McpServer> {
  // Loaded with the first client: others need none of it.
  const { McpServer, ResourceTemplate } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const server = new McpServer(SERVER, { instructions: INSTRUCTIONS });
  const tools = new CollectionTools(collections);
  const attempt = <Result>(work: () => Promise<Result>): Promise<Result | Refusal> => attemptOf(work, tellFailures, onFailure);

  server.registerTool(
    'search',
    {
      title: 'Search documents',
      description: 'Finds the passages of a collection of documents that answer a question or hold words, best first.',
      inputSchema: searchInput,
      outputSchema: searchOutput,
      annotations: { title: 'Search documents', ...READ_ONLY },
    },
    async (asked, { signal }) => toolResult(await attempt(() => tools.search(asked, signal))),
  );
  server.registerTool(
    'read_unit',
    {
      title: 'Read a unit',
      description: 'Gives the whole unit (section, article, page) that a passage of search stands in, by its id.',
      inputSchema: readUnitInput,
      outputSchema: readUnitOutput,
      annotations: { title: 'Read a unit', ...READ_ONLY },
    },
    async ({ id, collection }) => toolResult(await attempt(() => tools.readUnit(id, collection))),
  );
  server.registerTool(
    'list_collections',
    {
      title: 'List collections',
      description: 'Names the collections that can be searched.',
      inputSchema: {},
      outputSchema: listCollectionsOutput,
      annotations: { title: 'List collections', ...READ_ONLY },
    },
    async () => toolResult(await attempt(async () => ({ collections: await tools.collections() }))),
  );
  server.registerResource(
    'unit',
    // Nobody lists units: there may be millions.
    new ResourceTemplate(UNIT_TEMPLATE, { list: undefined }),
    { title: 'A unit of a document', description: 'Text of a unit, by collection and id.', mimeType: 'text/plain' },
    async (uri, { collection, unit }) => {
      const read = await attempt(() => tools.readUnit(decoded(unit), decoded(collection)));
      if (read instanceof Refusal) throw await read.protocolError();
      return { contents: [{ uri: uri.href, mimeType: 'text/plain', text: read.text }] };
    },
  );
  return server;
}

/** What a client is told in place of a result. */
class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }

  async protocolError(): Promise<Error> {
    const { ErrorCode, McpError } = await import('@modelcontextprotocol/sdk/types.js');
    return new McpError(ErrorCode.InvalidParams, this.message);
  }
}

async function attemptOf<Result>(
  work: () => Promise<Result>,
  tellFailures: boolean,
  onFailure: (error: unknown) => void,
): Promise<Result | Refusal> {
  try {
    return await work();
  } catch (error) {
    const { status, body } = answerTo(error as Error, tellFailures);
    if (status >= 500) onFailure(error);
    return new Refusal(`${body.error.message} [${body.error.code}]`);
  }
}

/** A tool's result as structure, and as the text of it for hosts that read no structure. */
function toolResult(result: object | Refusal): CallToolResult {
  if (result instanceof Refusal) return { isError: true, content: [{ type: 'text', text: result.message }] };
  return { structuredContent: { ...result }, content: [{ type: 'text', text: JSON.stringify(result) }] };
}

/** A variable of a URI template: parts of paths come as they stand in the URI. */
function decoded(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join('/') : (value ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
