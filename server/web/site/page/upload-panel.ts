import type { ApiClient } from './api-client.ts';
import { ApiError, isAbort } from './api-error.ts';
import { adviceFor } from './failure-notice.ts';
import { makeIcon } from './icons.ts';
import { followJob } from './job-events.ts';
import { make, makeButton, makeField } from './make.ts';
import type { StringKey } from './strings.ts';
import { base64Of, batchesOf, sharesSent } from './upload-batch.ts';
import type { WireChangeResult, WireJob } from './wire.ts';
import { formatBytes, say, type Values } from './wording.ts';

// Code of the page: see site-script.ts.

/** One file on its way: a row of the list. */
export interface Sending {
  readonly file: File;
  readonly size: number;
  /** Its name in the collection. */
  readonly source: string;
  readonly row: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly state: HTMLElement;
}

/** Labels that commas part. */
export function labelsIn(text: string): string[] {
  return text
    .split(/[,，]/)
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

/** Takes files by drag and drop or from a dialog, sends them, and shows how far each one is until it can be found. */
export class UploadPanel {
  readonly element: HTMLElement;
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #onChange: () => void;
  readonly #list = make('ul', { class: 'uploads', label: 'upload.list' });
  readonly #status = make('p', { class: 'soft', attributes: { role: 'status' } });
  readonly #labels = make('input', {
    attributes: { type: 'text', id: 'upload-labels', autocomplete: 'off', spellcheck: 'false' },
  });
  readonly #left = new AbortController();
  /** Batches go one after the other. */
  #queue: Promise<void> = Promise.resolve();
  #all = 0;
  #ready = 0;
  #failed = 0;

  /** @param onChange called when the collection has changed */
  constructor(api: ApiClient, collection: string, onChange: () => void) {
    this.#api = api;
    this.#path = `v1/collections/${encodeURIComponent(collection)}/documents`;
    this.#onChange = onChange;
    const picker = make('input', {
      label: 'upload.choose',
      attributes: { type: 'file', multiple: '', id: 'files', tabindex: '-1' },
    });
    picker.hidden = true;
    picker.addEventListener('change', () => {
      this.send([...(picker.files ?? [])]);
      picker.value = '';
    });
    const choose = makeButton({ class: 'primary', say: 'upload.choose', onClick: () => picker.click() });
    const zone = make(
      'div',
      { class: 'dropzone' },
      makeIcon('upload'),
      make('p', { say: 'upload.drop' }),
      choose,
      picker,
      make('p', { class: 'hint', say: 'upload.kinds' }),
    );
    for (const name of ['dragenter', 'dragover']) {
      zone.addEventListener(name, (event) => {
        event.preventDefault();
        zone.classList.add('over');
      });
    }
    zone.addEventListener('dragleave', () => zone.classList.remove('over'));
    zone.addEventListener('drop', (event) => {
      event.preventDefault();
      zone.classList.remove('over');
      this.send([...(event.dataTransfer?.files ?? [])]);
    });
    const options = make(
      'details',
      { class: 'more-options' },
      make('summary', { say: 'upload.options' }),
      makeField('upload.labels', this.#labels, 'upload.labelsHint'),
    );
    this.element = make('div', { class: 'upload' }, zone, options, this.#status, this.#list);
  }

  /** Sends files, in batches. */
  send(files: readonly File[]): void {
    const sendings = files.map((file) => this.#begin(file, file.name));
    for (const batch of batchesOf(sendings)) {
      const form = new FormData();
      for (const label of labelsIn(this.#labels.value)) form.append('labels', label);
      for (const { file } of batch) form.append('files', file, file.name);
      this.#then(batch, () => this.#upload(form, batch));
    }
  }

  /** Sends a file in place of a document that is there. */
  replace(source: string, file: File): void {
    const sending = this.#begin(file, source);
    this.#then([sending], async () => {
      const documents = [{ source, content_base64: await base64Of(file) }];
      const body = { documents, wait: false };
      return this.#api.ask(this.#path, { method: 'POST', body, signal: this.#left.signal });
    });
  }

  /** Stops what is on its way: the page is left. */
  close(): void {
    this.#left.abort();
  }

  #begin(file: File, source: string): Sending {
    const bar = make('progress', { label: 'upload.progress', values: { name: source }, attributes: { max: '1', value: '0' } });
    const state = make('span', { class: 'upload-state', say: 'upload.waiting' });
    const row = make(
      'li',
      {},
      make('span', { class: 'path', text: source }),
      make('span', { class: 'size', text: formatBytes(file.size) }),
      bar,
      state,
    );
    this.#list.prepend(row);
    this.#all++;
    this.#count();
    return { file, size: file.size, source, row, bar, state };
  }

  #upload(form: FormData, batch: readonly Sending[]): Promise<unknown> {
    const sizes = batch.map(({ size }) => size);
    for (const { state } of batch) say(state, 'upload.sending');
    return this.#api.upload(
      this.#path,
      form,
      (bytes) =>
        sharesSent(sizes, bytes).forEach((share, i) => {
          batch[i]!.bar.value = share;
        }),
      this.#left.signal,
    );
  }

  /** Sends a batch once those before it are through, and follows the server's work on it. */
  #then(batch: readonly Sending[], send: () => Promise<unknown>): void {
    this.#queue = this.#queue.then(async () => {
      try {
        const answer = (await send()) as WireChangeResult & { readonly job?: WireJob };
        this.#show(batch, 'upload.queued', {});
        const result = answer.job === undefined ? answer : await this.#follow(batch, answer.job.id);
        this.#end(batch, result);
        this.#onChange();
      } catch (error) {
        if (isAbort(error)) return;
        for (const sending of batch) this.#fail(sending, error);
      }
      this.#count();
    });
  }

  #follow(batch: readonly Sending[], job: string): Promise<WireChangeResult> {
    const show = ({ done, total, stage }: NonNullable<WireJob['progress']>) => {
      // A job that waits has nothing to count yet.
      if (total === 0) return;
      this.#show(batch, stage === undefined ? 'upload.working' : 'upload.stage', { done, total, stage: stage ?? '' });
    };
    return followJob(this.#api, job, show, this.#left.signal);
  }

  /** The server's work has no end that is known for each file. */
  #show(batch: readonly Sending[], key: StringKey, values: Values): void {
    for (const { bar, state } of batch) {
      bar.removeAttribute('value');
      say(state, key, values);
    }
  }

  #end(batch: readonly Sending[], { put = [] }: WireChangeResult): void {
    for (const sending of batch) {
      const { bar, row, state, source } = sending;
      const found = put.find((one) => one.source === source);
      if (found?.problem !== undefined) {
        this.#fail(sending, new ApiError(400, found.problem.code, found.problem.message));
        continue;
      }
      bar.value = 1;
      row.classList.add('ready');
      say(state, 'upload.ready', { n: found?.units ?? 0 });
      this.#ready++;
    }
  }

  #fail({ bar, row, state }: Sending, error: unknown): void {
    bar.remove();
    row.classList.add('failed');
    delete state.dataset['say'];
    const message = (error as Error).message;
    state.replaceChildren(...(message === '' ? [] : [make('span', { text: message })]), make('span', { say: adviceFor(error) }));
    this.#failed++;
  }

  #count(): void {
    const values = { n: this.#ready, all: this.#all, failed: this.#failed };
    say(this.#status, this.#failed === 0 ? 'upload.count' : 'upload.countFailed', values);
  }
}
