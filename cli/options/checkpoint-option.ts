/** `--checkpoint` of the commands that use the one that comes with the package when none is named. */
export const checkpointOption = {
  type: 'string',
  describe:
    'checkpoint of the student: runs/NAME/checkpoints/STEP, or runs/NAME for its newest; by default CEM_CHECKPOINT, else checkpoints/cem-small-en of the package; index and ingest: the one of the texts’ language',
} as const;
