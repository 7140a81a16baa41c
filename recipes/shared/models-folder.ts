/** Folder in which teachers are looked up before the hub: the one that is named, else CEM_MODELS; undefined where there is neither. */
export function modelsFolder(named: string | undefined): string | undefined {
  return named ?? (process.env['CEM_MODELS'] || undefined);
}
