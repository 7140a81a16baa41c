import type { StringKey } from './strings.ts';
import { say, sayAttribute, type Values } from './wording.ts';

// Code of the page: see site-script.ts.

export interface Making {
  readonly class?: string;
  /** Text that is shown as it is, whatever it holds. */
  readonly text?: string;
  /** Text of ours, in the reader's language. */
  readonly say?: StringKey;
  /** What stands in for the braces of `say`, `label` and `hint`. */
  readonly values?: Values;
  /** Its name for who does not see it. */
  readonly label?: StringKey;
  readonly placeholder?: StringKey;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
}

/** An element. Texts go in as texts and never as markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  making: Making = {},
  ...children: readonly (Node | string | undefined)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (making.class !== undefined) element.className = making.class;
  for (const [name, value] of Object.entries(making.attributes ?? {})) element.setAttribute(name, value);
  if (making.text !== undefined) element.textContent = making.text;
  if (making.say !== undefined) say(element, making.say, making.values);
  if (making.label !== undefined) sayAttribute(element, 'aria-label', making.label, making.values);
  if (making.placeholder !== undefined) sayAttribute(element, 'placeholder', making.placeholder);
  if (making.onClick !== undefined) element.addEventListener('click', making.onClick as EventListener);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A button that sends no form. */
export function makeButton(making: Making, ...children: readonly (Node | string | undefined)[]): HTMLButtonElement {
  return make('button', { ...making, attributes: { type: 'button', ...making.attributes } }, ...children);
}

/** A control under its label. */
export function makeField(key: StringKey, control: HTMLElement, hint?: StringKey): HTMLElement {
  control.id ||= `field-${key.replaceAll('.', '-')}`;
  const label = make('label', { say: key, attributes: { for: control.id } });
  if (hint === undefined) return make('div', { class: 'field' }, label, control);
  const help = make('p', { class: 'hint', say: hint, attributes: { id: `${control.id}-hint` } });
  control.setAttribute('aria-describedby', help.id);
  return make('div', { class: 'field' }, label, control, help);
}

/** Choices of which one holds, as a row of radio buttons. */
export function makeChoice(
  name: string,
  legend: StringKey,
  options: readonly (readonly [value: string, key: StringKey])[],
  chosen: string,
  onChoose: (value: string) => void = () => {},
): HTMLFieldSetElement {
  const items = options.map(([value, key]) => {
    const radio = make('input', { attributes: { type: 'radio', name, value } });
    radio.checked = value === chosen;
    radio.addEventListener('change', () => onChoose(value));
    return make('label', {}, radio, make('span', { say: key }));
  });
  return make('fieldset', { class: 'choice' }, make('legend', { say: legend }), make('div', { class: 'segments' }, ...items));
}
