const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const FROM = Buffer.from('From ');

/** The messages of a mailbox (RFC 4155, appendix A): each begins with a line `From …`, the first in the file or behind a blank line. A file without such a line is one message. */
export function mailboxMessages(bytes: Uint8Array): readonly Uint8Array[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!startsAt(buffer, 0)) return [bytes];
  const starts: number[] = [];
  for (let at = 0; at >= 0; at = nextStart(buffer, at)) starts.push(at);
  return starts.map((start, index) => {
    const head = buffer.indexOf(NEWLINE, start) + 1;
    return unescaped(buffer.subarray(head === 0 ? buffer.length : head, starts[index + 1] ?? buffer.length));
  });
}

function startsAt(buffer: Buffer, at: number): boolean {
  return buffer.subarray(at, at + FROM.length).equals(FROM);
}

/** Behind the next blank line that such a line follows; -1 when there is none. */
function nextStart(buffer: Buffer, after: number): number {
  for (let newline = buffer.indexOf(NEWLINE, after); newline >= 0; newline = buffer.indexOf(NEWLINE, newline + 1)) {
    const next = buffer[newline + 1] === CARRIAGE_RETURN ? newline + 2 : newline + 1;
    if (buffer[next] === NEWLINE && startsAt(buffer, next + 1)) return next + 1;
  }
  return -1;
}

/** Lines of a text that begin with `From ` were written with a `>` before them. */
function unescaped(message: Buffer): Uint8Array {
  if (message.indexOf('\n>From ') < 0) return message;
  return Buffer.from(message.toString('latin1').replace(/\n>From /g, '\nFrom '), 'latin1');
}
