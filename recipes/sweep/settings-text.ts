import type { TrialSettings } from '../../training/index.ts';

/** The settings of a trial in one line. */
export function settingsText(settings: TrialSettings): string {
  return Object.entries(settings)
    .map(([path, value]) => `${path}=${shown(value)}`)
    .join(' ');
}

/** A setting's value, numbers in six digits. */
export function shown(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : String(value);
}
