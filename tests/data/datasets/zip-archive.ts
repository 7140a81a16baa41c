import { crc32, deflateRawSync } from 'node:zlib';

interface ZipFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

export interface ZipArchiveOptions {
  /** Store instead of deflating. */
  readonly stored?: boolean;
  /** Write sizes and positions as ZIP64 does, whatever they are. */
  readonly wide?: boolean;
  readonly comment?: string;
  /** Overrides what the directory says of every file. */
  readonly claim?: { readonly bytes?: number; readonly checksum?: number; readonly method?: number; readonly flags?: number };
}

/** A ZIP archive as APPNOTE.TXT lays it out, written independently of the reader. */
export function zipArchive(files: readonly ZipFile[], options: ZipArchiveOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let position = 0;
  const add = (part: Buffer): void => {
    parts.push(part);
    position += part.length;
  };
  for (const file of files) {
    const name = Buffer.from(file.name);
    const content = Buffer.from(file.content);
    const packed = options.stored ? content : deflateRawSync(content);
    const method = options.claim?.method ?? (options.stored ? 0 : 8);
    const checksum = options.claim?.checksum ?? crc32(content);
    const size = options.claim?.bytes ?? content.length;
    const start = position;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    // An extra field of 4 bytes that only the local header has.
    local.writeUInt16LE(4, 28);
    add(Buffer.concat([local, name, Buffer.from([0xff, 0xff, 0, 0])]));
    add(packed);
    const header = Buffer.alloc(46);
    header.writeUInt32LE(0x02014b50, 0);
    header.writeUInt16LE(options.claim?.flags ?? 0, 8);
    header.writeUInt16LE(method, 10);
    header.writeUInt32LE(checksum, 16);
    header.writeUInt32LE(options.wide ? 0xffffffff : packed.length, 20);
    header.writeUInt32LE(options.wide ? 0xffffffff : size, 24);
    header.writeUInt16LE(name.length, 28);
    header.writeUInt16LE(options.wide ? 28 : 0, 30);
    header.writeUInt32LE(options.wide ? 0xffffffff : start, 42);
    const extra = Buffer.alloc(options.wide ? 28 : 0);
    if (options.wide) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(size), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(start), 20);
    }
    directory.push(Buffer.concat([header, name, extra]));
  }
  const start = position;
  add(Buffer.concat(directory));
  const bytes = position - start;
  if (options.wide) {
    const end = Buffer.alloc(56);
    end.writeUInt32LE(0x06064b50, 0);
    end.writeBigUInt64LE(44n, 4);
    end.writeBigUInt64LE(BigInt(files.length), 24);
    end.writeBigUInt64LE(BigInt(files.length), 32);
    end.writeBigUInt64LE(BigInt(bytes), 40);
    end.writeBigUInt64LE(BigInt(start), 48);
    const endPosition = position;
    add(end);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(endPosition), 8);
    locator.writeUInt32LE(1, 16);
    add(locator);
  }
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.wide ? 0xffff : files.length, 8);
  end.writeUInt16LE(options.wide ? 0xffff : files.length, 10);
  end.writeUInt32LE(options.wide ? 0xffffffff : bytes, 12);
  end.writeUInt32LE(options.wide ? 0xffffffff : start, 16);
  end.writeUInt16LE(comment.length, 20);
  add(Buffer.concat([end, comment]));
  return Buffer.concat(parts);
}
