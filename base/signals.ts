/**
 * By what people and systems ask a process to end. Not by SIGHUP: who starts a run under `nohup` wants it to outlive the terminal, and a handler would undo what nohup sets;
 * without one a hang-up ends the process as it always does.
 */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
