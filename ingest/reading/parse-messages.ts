import { CemError, isCemError, messageOf } from '../../base/index.ts';
import type { ParsedDocument } from '../parse/index.ts';
import type { ParseLimits } from './limits.ts';

/** What a process that parses is started with, as JSON in its first argument. */
export interface WorkerSettings {
  /** URL of the module that has the parsers. */
  readonly parsers: string;
  readonly limits: ParseLimits;
  readonly recognition?: RecognitionSettings | undefined;
}

/** How texts in pictures are read. */
export interface RecognitionSettings {
  /** Folder of the models. */
  readonly folder: string;
  /** That each process computes with. */
  readonly threads: number;
}

export interface ParseRequest {
  readonly format: string;
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** An error of ours as it crosses to another process, where its class would be lost. */
export interface ErrorMessage {
  readonly code: string;
  readonly message: string;
  readonly details: string;
}

/** `ready`: the process has started; `begun`: what parses the file is loaded, and the file's time runs; `recognised`: a step of reading a picture, of which there are not many, is done, and the time runs anew. */
export type ParseAnswer =
  | 'ready'
  | 'begun'
  | 'recognised'
  | { readonly documents: readonly ParsedDocument[] }
  | { readonly error: ErrorMessage };

export function errorMessage(error: unknown): ErrorMessage {
  if (!isCemError(error)) return { code: 'PARSE_FAILED', message: messageOf(error), details: '{}' };
  return { code: error.code, message: error.message, details: JSON.stringify(error.details) };
}

export function errorOfMessage({ code, message, details }: ErrorMessage): CemError {
  return new CemError(code, message, { details: JSON.parse(details) as Record<string, unknown> });
}
