import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { messageOf, UsageError } from '../../base/index.ts';
import { PRESET_SETTINGS } from './presets.ts';
import { PRESETS, type PresetName, projectSettings, type ResolvedSettings } from './project-settings.ts';

/**
 * Settings by the name of a preset or by a file of YAML, whose own settings go before those of the preset that it names. A file of a preset's name is that file.
 *
 * @throws UsageError `PRESET` for what is neither, and for a file that says something else
 */
export function readSettings(place: string): ResolvedSettings {
  if (!existsSync(place)) {
    const name = PRESETS.find((one) => one === basename(place));
    if (name !== undefined) return resolved(name);
    throw new UsageError(
      'PRESET',
      `${place} is no preset and no file: name one of ${PRESETS.join(', ')}, or a file of settings`,
      {
        details: { place },
      },
    );
  }
  const checked = projectSettings.safeParse(parsedYaml(place) ?? {});
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    throw new UsageError(
      'PRESET',
      `${place}: ${issue.path.join('.') || 'the whole'}: ${issue.message}; mend it, or leave it out`,
      {
        details: { place, path: issue.path.join('.') },
        cause: checked.error,
      },
    );
  }
  const { preset, ingest = {}, answer = {} } = checked.data;
  return resolved(preset, { ingest, answer });
}

function parsedYaml(path: string): unknown {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new UsageError('PRESET', `${path} cannot be read as YAML: ${messageOf(cause)}`, { details: { place: path }, cause });
  }
}

function resolved(
  preset: PresetName | undefined,
  own: Partial<Pick<ResolvedSettings, 'ingest' | 'answer'>> = {},
): ResolvedSettings {
  const { ingest, answer } = preset === undefined ? {} : PRESET_SETTINGS[preset];
  const chat = { ...answer?.chat, ...own.answer?.chat };
  return {
    preset: preset ?? null,
    ingest: { ...ingest, ...own.ingest },
    answer: { ...answer, ...own.answer, ...(Object.keys(chat).length > 0 && { chat }) },
  };
}
