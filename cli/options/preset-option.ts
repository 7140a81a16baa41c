import type { Argv } from 'yargs';
import { PRESETS, readSettings } from '../../recipes/presets/index.ts';

/** What a preset adds to the options: only done where a chat model is named. */
export interface PresetChat {
  readonly agent?: boolean;
  readonly noiseFilter?: boolean;
  readonly globalInfo?: boolean;
}

/**
 * Adds `--preset`: options that are not given are as the preset has them, those that are given stay.
 *
 * @param part of the settings that the command takes
 * @param names of those that it has; others of that part are for other commands
 * @throws as `readSettings`, when the command is given
 */
export function withPreset<T>(parser: Argv<T>, part: 'ingest' | 'answer', names: Iterable<string>): Argv<T> {
  const known = new Set(Array.from(names, camelCase));
  // yargs would make another error of it.
  let fault: unknown;
  return parser
    .config('preset', `settings that are not given: ${PRESETS.join(', ')}, or a file such as production.yaml`, (place) => {
      let settings: Readonly<Record<string, unknown>> = {};
      try {
        settings = readSettings(place)[part];
      } catch (error) {
        fault = error;
      }
      const { chat, ...options } = settings;
      const own = Object.entries(options).filter(([name]) => known.has(name));
      return { ...Object.fromEntries(own), ...(chat !== undefined && { presetChat: chat }) };
    })
    .option('preset-chat', { hidden: true })
    .check(() => {
      if (fault !== undefined) throw fault;
      return true;
    }, false);
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
