import { formatShare, formatTable } from '../../base/index.ts';
import { type SystemStorage, systemLines } from './system-storage.ts';

const INDENTS = { sum: '', part: '  ', within: '    ' } as const;

/** The bytes of the whole system as text: sums, and parts indented. */
export function systemTable(system: SystemStorage): string {
  return formatTable(
    [`whole system with ${system.rows} vectors of ${system.dimension} values`, 'bytes', 'of raw', 'saves of the usual stack'],
    systemLines(system).map(({ name, bytes, kind, whole }) => [
      `${INDENTS[kind]}${name}`,
      String(bytes),
      whole === null ? '' : formatShare(whole.of_text),
      whole === null ? '' : formatShare(whole.system_saving),
    ]),
  );
}
