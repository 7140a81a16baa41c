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

const LOOK_MILLISECONDS = 50;

/** Keys that do something without a script: their numbers, and what they write. */
const KEYS: Readonly<Record<string, { readonly code: number; readonly text?: string }>> = {
  Tab: { code: 9 },
  Enter: { code: 13, text: '\r' },
  Escape: { code: 27 },
  ' ': { code: 32, text: ' ' },
  ArrowLeft: { code: 37 },
  ArrowUp: { code: 38 },
  ArrowRight: { code: 39 },
  ArrowDown: { code: 40 },
};

/** A Chromium without a window that shows one page, driven over the DevTools protocol by a pipe: it acts as a person would, and says what the page holds. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  /** What the page's console was told of errors, and errors that nothing caught. */
  readonly errors: string[] = [];
  /** How long a page may take to become what is waited for, on a machine that is busy with others. */
  patienceMilliseconds = 30_000;
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

  /** Waits until an expression, or the promise that it is, holds in the page. One that fails does not hold yet: a page that loads has nothing that it could be asked about. */
  async until(expression: string): Promise<void> {
    const end = performance.now() + this.patienceMilliseconds;
    let failure: unknown;
    while (performance.now() < end) {
      try {
        if (await this.value<boolean>(`(async () => Boolean(await (${expression})))()`)) return;
      } catch (error) {
        failure = error;
      }
      await setTimeout(LOOK_MILLISECONDS);
    }
    throw new TypeError(`never came true: ${expression}; errors: ${this.errors.join('; ')}`, { cause: failure });
  }

  /** Presses and releases a key. */
  async press(key: string, modifiers: { readonly shift?: boolean } = {}): Promise<void> {
    // What the browser itself does upon a key, it does by these.
    const { code = 0, text } = KEYS[key] ?? {};
    const event = { key, code: key, windowsVirtualKeyCode: code, modifiers: modifiers.shift ? 8 : 0 };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event, ...(text !== undefined && { text }) });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
  }

  /** Types a text where the focus is. */
  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  /** Gives files to the file input that a selector finds. */
  async choose(selector: string, files: readonly string[]): Promise<void> {
    const { result } = await this.send('Runtime.evaluate', { expression: `document.querySelector(${JSON.stringify(selector)})` });
    await this.send('DOM.setFileInputFiles', { files, objectId: (result as { objectId: string }).objectId });
  }

  /** How large the page is shown. */
  async resize(width: number, height: number, deviceScaleFactor = 1): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor, mobile: false });
  }

  /** What the page is told of its reader's wishes: `{ 'prefers-color-scheme': 'dark' }`. */
  async emulate(features: Readonly<Record<string, string>>): Promise<void> {
    await this.send('Emulation.setEmulatedMedia', {
      features: Object.entries(features).map(([name, value]) => ({ name, value })),
    });
  }

  /** A picture of what is shown, as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
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
