/** Whole configurations for kinds of projects, and a project's own in a file. */
export { PRESET_SETTINGS } from './presets.ts';
export {
  type AnswerPreset,
  type IngestPreset,
  PRESETS,
  type PresetName,
  projectSettings,
  type ResolvedSettings,
} from './project-settings.ts';
export { readSettings } from './read-settings.ts';
