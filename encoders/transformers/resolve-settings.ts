import { UsageError } from '../../base/index.ts';
import type { TransformersConfig } from '../teacher-config.ts';
import type { ModelSettings } from './model-settings.ts';
import { readFileSettings } from './sentence-transformers-files.ts';
import { PRESET_NAMES, presetOf } from './transformers-presets.ts';

/**
 * The config's own settings, then those of the model's preset, then what the files beside the model say. Without any of them pooling and maximum length have to be given: a guess would
 * be wrong silently. Where they are known without the files, the files are not read.
 *
 * @param folder where the model lies; undefined for one that is still to be downloaded
 * @throws UsageError `TEACHER_SETTINGS_NEEDED`; and as `readFileSettings`
 */
export async function resolveModelSettings(config: TransformersConfig, folder?: string): Promise<ModelSettings> {
  const preset = presetOf(config.model);
  const settled =
    (config.pooling ?? preset?.pooling) !== undefined && (config.maximumTokens ?? preset?.maximumTokens) !== undefined;
  const known: Partial<ModelSettings> = preset ?? (settled || folder === undefined ? {} : await readFileSettings(folder));
  const pooling = config.pooling ?? known.pooling;
  const maximumTokens = config.maximumTokens ?? known.maximumTokens;
  if (pooling === undefined || maximumTokens === undefined) throw settingsNeeded(config, folder);
  return {
    pooling,
    maximumTokens,
    padding: config.padding ?? known.padding ?? (pooling === 'last' ? 'left' : 'right'),
    queryPrompt: config.queryPrompt ?? known.queryPrompt ?? '',
    documentPrompt: config.documentPrompt ?? known.documentPrompt ?? '',
  };
}

function settingsNeeded({ model }: TransformersConfig, folder: string | undefined): UsageError {
  const files =
    folder === undefined ? 'it is not in a folder whose files could say it' : `no 1_Pooling/config.json in ${folder} says it`;
  return new UsageError(
    'TEACHER_SETTINGS_NEEDED',
    `How ${model} embeds texts is not known: no preset has it (presets: ${PRESET_NAMES.join(', ')}), and ${files}. Give pooling (mean, cls or last) and the maximum of tokens, prompts where the model's card has them: teacher.pooling, teacher.maximumTokens, teacher.queryPrompt in a configuration; --pooling, --maximum-tokens, --query-prompt on the command line.`,
    { details: { model } },
  );
}
