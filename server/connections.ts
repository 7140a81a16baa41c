import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * The connections of a server, and what is under way on each. Node's own lists of them leave out a connection that has sent nothing or half a header, and count
 * one with half a body as at work.
 */
export class Connections {
  readonly #exchanges = new Map<Socket, Set<Exchange>>();
  #closing = false;
  /** Called when the last connection has ended. */
  #ended: () => void = () => {};

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.prependListener('request', (request, response) => this.#begin(request, response));
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the client has begun to get an answer on this connection. */
  isAnswering(socket: Socket): boolean {
    return [...(this.#exchanges.get(socket) ?? [])].some(({ response }) => response.headersSent);
  }

  #add(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    this.#exchanges.set(socket, new Set());
    socket.once('close', () => {
      this.#exchanges.delete(socket);
      if (this.#exchanges.size === 0) this.#ended();
    });
  }

  #begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const exchange = { request, response };
    this.#exchanges.get(socket)?.add(exchange);
    response.once('close', () => {
      const left = this.#exchanges.get(socket);
      left?.delete(exchange);
      if (this.#closing && left?.size === 0) socket.end();
    });
  }

  /**
   * Ends every connection on which no whole request waits for its answer, now and from now on, and resolves when the others have ended.
   *
   * @param drainMs how long those may take: what is left then is cut off
   */
  async close(drainMs: number): Promise<void> {
    this.#closing = true;
    for (const [socket, exchanges] of this.#exchanges) {
      const whole = exchanges.size > 0 && [...exchanges].every(({ request }) => request.complete);
      // An answer that Node has let go of may still be on its way.
      if (exchanges.size === 0 && socket.writableLength > 0) socket.end();
      else if (!whole) socket.destroy();
      else for (const { response } of exchanges) if (!response.headersSent) response.setHeader('connection', 'close');
    }
    if (this.#exchanges.size === 0) return;
    const cut = setTimeout(() => {
      for (const socket of this.#exchanges.keys()) socket.destroy();
    }, drainMs);
    await new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    clearTimeout(cut);
  }
}
