import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';

/** An answer or an event of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** How long a page may take to become what is waited for, on a machine that is busy with others. */
const PATIENCE_MILLISECONDS = 30_000;
const LOOK_MILLISECONDS = 50;

/** A Chromium without a window that shows one page, driven over the DevTools protocol by a pipe: it acts as a person would, and says what the page holds. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  /** What the page's console was told of errors, and errors that nothing caught. */
  readonly errors: string[] = [];
  #session: string | undefined;
  #sent = 0;

  private constructor(child: ChildProcess, profile: string) {
    this.#child = child;
    this.#profile = profile;
    let rest = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop()!;
      for (const message of messages) this.#take(JSON.parse(message) as Message);
    });
  }

  static async open(program: string, url: string, width = 1200, height = 900): Promise<Browser> {
    const profile = await mkdtemp(join(tmpdir(), 'cem-browser-'));
    const words = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--remote-debugging-pipe'];
    const child = spawn(program, [...words, `--window-size=${width},${height}`, `--user-data-dir=${profile}`], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    const browser = new Browser(child, profile);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId as string;
    await browser.send('Runtime.enable');
    await browser.send('Log.enable');
    await browser.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await browser.send('Page.navigate', { url });
    return browser;
  }

  /** A command of the protocol. */
  async send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#sent;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new TypeError(`${method}: ${error.message}`);
    return result!;
  }

  /** The value of an expression in the page; a promise is awaited. */
  async value<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new TypeError(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: Value }).value;
  }

  /** Waits until an expression holds in the page. One that fails does not hold yet: a page that loads has nothing that it could be asked about. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + PATIENCE_MILLISECONDS;
    let failure: unknown;
    while (performance.now() < end) {
      try {
        if (await this.value<boolean>(`Boolean(${expression})`)) return;
      } catch (error) {
        failure = error;
      }
      await setTimeout(LOOK_MILLISECONDS);
    }
    throw new TypeError(`never came true: ${expression}; errors: ${this.errors.join('; ')}`, { cause: failure });
  }

  /** Presses and releases a key. */
  async press(key: string): Promise<void> {
    for (const type of ['keyDown', 'keyUp']) await this.send('Input.dispatchKeyEvent', { type, key, code: key });
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#session = undefined;
    await this.send('Browser.close');
    await ended;
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #take(message: Message): void {
    if (message.id !== undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    } else if (message.method === 'Runtime.exceptionThrown' || isErrorEntry(message)) {
      this.errors.push(JSON.stringify(message.params));
    }
  }
}

/** Whether the browser logged an error, such as a resource that was refused. */
function isErrorEntry({ method, params }: Message): boolean {
  return method === 'Log.entryAdded' && (params as { entry: { level: string } }).entry.level === 'error';
}
