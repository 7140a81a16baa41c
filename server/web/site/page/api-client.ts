import { ApiError, errorOfBody, isAbort } from './api-error.ts';
import { readEventStream, type StreamEvent } from './event-stream.ts';
import type { Settings } from './settings.ts';

// Code of the page: see site-script.ts.

export interface Asking {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Asks the server that the page came from, with the reader's key. */
export class ApiClient {
  readonly #settings: Settings;
  readonly #onLocked: () => void;

  /** @param onLocked called when the server wants a key, or another one */
  constructor(settings: Settings, onLocked: () => void) {
    this.#settings = settings;
    this.#onLocked = onLocked;
  }

  /**
   * An answer of the server.
   *
   * @throws ApiError what it refuses, or that it does not answer
   */
  async ask<Answer>(path: string, asking: Asking = {}): Promise<Answer> {
    const response = await this.#fetch(path, asking, 'application/json');
    const text = await response.text();
    return (text === '' ? undefined : readJson(text)) as Answer;
  }

  /**
   * A file of the server, such as a picture.
   *
   * @throws ApiError what it refuses, or that it does not answer
   */
  async file(path: string): Promise<Blob> {
    return (await this.#fetch(path, {}, 'image/*')).blob();
  }

  /**
   * Events of the server, as they come.
   *
   * @throws ApiError what it refuses before the first one
   */
  async *events(path: string, asking: Asking = {}): AsyncGenerator<StreamEvent> {
    const response = await this.#fetch(path, asking, 'text/event-stream');
    if (response.body !== null) yield* readEventStream(response.body);
  }

  /**
   * Sends a form, and tells how many of its bytes have gone.
   *
   * @throws ApiError what the server refuses, or that it does not answer
   */
  upload<Answer>(path: string, form: FormData, onProgress: (bytes: number) => void, signal: AbortSignal): Promise<Answer> {
    // fetch does not say how far it is.
    const request = new XMLHttpRequest();
    return new Promise((resolve, reject) => {
      request.open('POST', path);
      request.setRequestHeader('accept', 'application/json');
      for (const [name, value] of Object.entries(this.#access())) request.setRequestHeader(name, value);
      request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded));
      request.addEventListener('load', () => {
        const body = readJson(request.responseText);
        if (request.status < 300) resolve(body as Answer);
        else reject(this.#refusal(request.status, body));
      });
      request.addEventListener('error', () => reject(new ApiError(0, 'NO_ANSWER', '')));
      request.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      signal.addEventListener('abort', () => request.abort());
      request.send(form);
    });
  }

  async #fetch(path: string, { method = 'GET', body, signal }: Asking, accept: string): Promise<Response> {
    const content = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(path, {
      method,
      headers: { accept, ...content, ...this.#access() },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    }).catch((error: unknown) => {
      throw isAbort(error) ? error : new ApiError(0, 'NO_ANSWER', '');
    });
    if (!response.ok) throw this.#refusal(response.status, readJson(await response.text()));
    return response;
  }

  #access(): Record<string, string> {
    const { key } = this.#settings;
    return key === '' ? {} : { authorization: `Bearer ${key}` };
  }

  #refusal(status: number, body: unknown): ApiError {
    if (status === 401) this.#onLocked();
    return errorOfBody(status, body);
  }
}

/** What a text says as JSON; undefined where it is none, as a proxy's page of errors. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
