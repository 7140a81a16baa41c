import { makeIcon } from './icons.ts';
import { make, makeButton } from './make.ts';
import type { StringKey } from './strings.ts';
import type { Values } from './wording.ts';

// Code of the page: see site-script.ts.

/** A dialog that is put over the page: the rest cannot be reached while it is open, Escape closes it, and the focus goes back to where it was. */
export function openDialog(className: string, titleId: string, ...children: readonly (Node | undefined)[]): HTMLDialogElement {
  const dialog = make('dialog', { class: className, attributes: { 'aria-labelledby': titleId } }, ...children);
  // The browser gives the focus back when it closes.
  dialog.addEventListener('close', () => dialog.remove());
  // A click beside it.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function makeCloseButton(): HTMLButtonElement {
  const button = makeButton({ class: 'quiet icon', label: 'dialog.close' }, makeIcon('close'));
  button.addEventListener('click', () => button.closest('dialog')?.close());
  return button;
}

export interface Question {
  readonly title: StringKey;
  readonly text: StringKey;
  readonly values: Values;
  readonly confirm: StringKey;
  /** What has to be typed before it can be confirmed. */
  readonly typed?: string;
}

/** Asks before something is destroyed. */
export function askFirst({ title, text, values, confirm, typed }: Question): Promise<boolean> {
  return new Promise((resolve) => {
    const button = make('button', { class: 'danger', say: confirm, attributes: { type: 'submit' } });
    const input = make('input', { attributes: { type: 'text', id: 'typed', autocomplete: 'off', spellcheck: 'false' } });
    const label = make('label', { say: 'dialog.type', values: { name: typed ?? '' }, attributes: { for: 'typed' } });
    const cancel = makeButton({ say: 'dialog.cancel' });
    const form = make(
      'form',
      { attributes: { method: 'dialog' } },
      make('h2', { say: title, values, attributes: { id: 'dialog-title' } }),
      make('p', { say: text, values }),
      typed === undefined ? undefined : make('div', { class: 'field' }, label, input),
      make('div', { class: 'actions' }, cancel, button),
    );
    let confirmed = false;
    button.disabled = typed !== undefined;
    input.addEventListener('input', () => {
      button.disabled = input.value.trim() !== typed;
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (button.disabled) return;
      confirmed = true;
      dialog.close();
    });
    const dialog = openDialog('small', 'dialog-title', form);
    cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => resolve(confirmed));
    (typed === undefined ? cancel : input).focus();
  });
}
