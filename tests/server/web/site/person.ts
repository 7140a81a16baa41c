import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Result } from 'axe-core';
import * as assert from 'uvu/assert';
import { Browser } from '../browser.ts';

const text = JSON.stringify;

const FOCUSED = `(({ tagName, ariaLabel, id, innerText }) => tagName.toLowerCase() + ' ' + (ariaLabel || id || innerText.trim()))(document.activeElement)`;

/** Somebody who uses the page: looks, clicks, types. */
export class Person {
  readonly browser: Browser;
  readonly #address: string;
  readonly #axe: string;

  private constructor(browser: Browser, address: string, axe: string) {
    this.browser = browser;
    this.#address = address;
    this.#axe = axe;
  }

  static async at(program: string, address: string): Promise<Person> {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    return new Person(await Browser.open(program, address), address, axe);
  }

  /** Opens a view by its address, in a page that is loaded anew. */
  async visit(hash: string): Promise<void> {
    await this.browser.send('Page.navigate', { url: 'about:blank' });
    await this.browser.until(`location.href === 'about:blank'`);
    await this.browser.send('Page.navigate', { url: `${this.#address}/${hash}` });
    await this.browser.until(`document.querySelector('#views a[aria-current]')`);
  }

  async reload(): Promise<void> {
    await this.browser.value('globalThis.old = true');
    await this.browser.send('Page.reload');
    await this.browser.until(`!globalThis.old && document.querySelector('#views a[aria-current]')`);
  }

  /** Goes to a view as the links do, without a new page. */
  async go(hash: string): Promise<void> {
    await this.browser.value(`location.hash = ${text(hash)}`);
    await this.browser.until(`document.querySelector('#views a[aria-current]').hash === ${text(`#/${hash.split('/')[1]}`)}`);
  }

  /** What an element says; empty where there is none. */
  text(selector: string): Promise<string> {
    return this.browser.value(`document.querySelector(${text(selector)})?.innerText.trim() ?? ''`);
  }

  texts(selector: string): Promise<string[]> {
    return this.browser.value(`[...document.querySelectorAll(${text(selector)})].map((one) => one.innerText.trim())`);
  }

  /** Waits until an element is there and can be seen. */
  sees(selector: string): Promise<void> {
    return this.browser.until(`document.querySelector(${text(selector)})?.checkVisibility()`);
  }

  /** Waits until an element says something. */
  reads(selector: string, words: string): Promise<void> {
    return this.browser.until(`document.querySelector(${text(selector)})?.innerText.includes(${text(words)})`);
  }

  async click(selector: string): Promise<void> {
    await this.sees(selector);
    // A click of the mouse takes the focus along.
    await this.browser.value(`(() => { const one = document.querySelector(${text(selector)}); one.focus(); one.click(); })()`);
  }

  /** Writes into a field in place of what is there. */
  async fill(selector: string, words: string): Promise<void> {
    await this.sees(selector);
    await this.browser.value(
      `(() => { const field = document.querySelector(${text(selector)}); field.focus(); field.select?.(); })()`,
    );
    if (words !== '') await this.browser.type(words);
    else await this.browser.value(`(() => { const field = document.querySelector(${text(selector)}); field.value = ''; })()`);
  }

  async ask(question: string): Promise<void> {
    await this.fill('#question', question);
    await this.browser.press('Enter');
  }

  /** What has the focus, in words: its tag, and its name or its own words. */
  focused(): Promise<string> {
    return this.browser.value(FOCUSED);
  }

  /** Waits until something has the focus. */
  focuses(words: string): Promise<void> {
    return this.browser.until(`${FOCUSED} === ${text(words)}`);
  }

  /** Leaves a dialog with the keyboard. */
  async escape(): Promise<void> {
    await this.browser.press('Escape');
    await this.browser.until(`!document.querySelector('dialog')`);
  }

  /** Whether nothing is wider than the page is. */
  async fits(): Promise<void> {
    const [wide, width] = await this.browser.value<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
    assert.ok(wide <= width, `${wide} of ${width} pixels`);
  }

  /** Serious and critical faults of the page as it is now, by axe-core. */
  async faults(): Promise<string[]> {
    const { browser } = this;
    if (!(await browser.value<boolean>('Boolean(globalThis.axe)'))) await browser.value(`${this.#axe}; undefined`);
    // Nothing is judged in the midst of a movement.
    await browser.value(
      'Promise.all(document.getAnimations().map((one) => (one.effect.getTiming().iterations === Infinity ? one.cancel() : one.finished)))',
    );
    const { passes, found } = await browser.value<{ readonly passes: number; readonly found: readonly Result[] }>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations, passes }) => ({ found: violations, passes: passes.length }))`,
    );
    assert.ok(passes > 15, `${passes} rules were looked at`);
    return found
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`));
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
