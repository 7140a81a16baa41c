/** The Model Context Protocol: programs with a language model search collections, and read what they found, over HTTP or the standard streams. */
export type { McpCollection, McpCollections, McpServices } from './mcp-collections.ts';
export { registerMcp } from './register-mcp.ts';
export { type McpStreams, type ServeMcpOptions, serveMcpStreams } from './serve-mcp-streams.ts';
