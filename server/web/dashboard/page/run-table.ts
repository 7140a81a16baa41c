import { type RunLook, swatchOf } from './run-look.ts';

// Code of the page: see panels.ts.

export interface RunRow {
  readonly id: string;
  readonly look: RunLook;
  readonly shown: boolean;
  /** Four figures, or one sentence in their place. */
  readonly cells: readonly string[];
}

/** The table of runs: what each reached, and the switch that shows its curves. */
export class RunTable {
  readonly #body: HTMLElement;
  readonly #onSwitch: (id: string, shown: boolean) => void;
  #runs = '';

  constructor(body: HTMLElement, onSwitch: (id: string, shown: boolean) => void) {
    this.#body = body;
    this.#onSwitch = onSwitch;
  }

  draw(rows: readonly RunRow[]): void {
    const runs = JSON.stringify(rows.map(({ id }) => id));
    // The switches stay the same elements while the runs do: they may have the focus.
    if (runs !== this.#runs) this.#body.replaceChildren(...rows.map((row) => this.#makeRow(row)));
    this.#runs = runs;
    rows.forEach(({ shown, cells }, index) => {
      const row = this.#body.children[index] as HTMLTableRowElement;
      row.querySelector('input')!.checked = shown;
      const made = cells.map((text) => {
        const cell = document.createElement('td');
        cell.textContent = text;
        return cell;
      });
      if (made.length === 1) {
        made[0]!.colSpan = 4;
        made[0]!.className = 'sentence';
      }
      row.replaceChildren(row.cells[0]!, ...made);
    });
  }

  #makeRow({ id, look }: RunRow): HTMLTableRowElement {
    const row = document.createElement('tr');
    const head = document.createElement('th');
    head.scope = 'row';
    const label = document.createElement('label');
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.addEventListener('change', () => this.#onSwitch(id, box.checked));
    label.append(box, swatchOf(look), id);
    head.append(label);
    row.append(head);
    return row;
  }
}
