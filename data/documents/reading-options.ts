/** What reading a corpus may be asked for. */
export interface ReadingOptions {
  /**
   * Takes lines that say what was left out, or read in another way than it seems: links and unreadable files of a folder, names that are no UTF-8, what follows the last member of a
   * gzip file. Each line comes once in a reading.
   */
  readonly note?: ((line: string) => void) | undefined;
}
