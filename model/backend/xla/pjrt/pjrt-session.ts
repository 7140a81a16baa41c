import type { Handle, PjrtAddon } from './addon.ts';

/** What a client, its programs and its buffers share: the plugin, the client's handle, and what is alive. */
export class PjrtSession {
  readonly addon: PjrtAddon;
  /** The plugin's table of functions. */
  readonly table: Handle;
  readonly client: Handle;
  /** Buffers that are alive. */
  readonly buffers = new Set<{ dispose(): void }>();
  readonly executables = new Set<Handle>();
  isClosed = false;
  /** Asynchronous reads that are under way. */
  readings = 0;
  #isDestroyed = false;

  constructor(addon: PjrtAddon, table: Handle, client: Handle) {
    this.addon = addon;
    this.table = table;
    this.client = client;
  }

  /** Frees everything; the client itself goes when the last read has ended. */
  close(): void {
    if (this.isClosed) return;
    for (const buffer of this.buffers) buffer.dispose();
    this.isClosed = true;
    for (const handle of this.executables) this.addon.destroyExecutable(this.table, handle);
    this.executables.clear();
    this.endReading();
  }

  endReading(): void {
    if (!this.isClosed || this.#isDestroyed || this.readings > 0) return;
    this.#isDestroyed = true;
    this.addon.destroyClient(this.table, this.client);
  }
}
