import { CemError } from '../../../base/index.ts';
import { isLanguageTag } from '../../../data/index.ts';
import type { SourceFile } from '../parser.ts';
import { joinLines } from '../prose.ts';
import { childOf, readXmlTree, type XmlElement } from '../xml.ts';
import { ZipArchive } from '../zip/index.ts';

/** A part that another one refers to. */
export interface Relationship {
  /** The last word of its type: `slide`, `worksheet`, `notesSlide`. */
  readonly kind: string;
  /** Name of the part in the archive; of a link out of the file its address. */
  readonly target: string;
}

/** Compound files: Office's older formats, and what encrypts the newer ones (MS-OFFCRYPTO 2.3). */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0];
const ENCRYPTED = Buffer.from('EncryptedPackage', 'utf16le');
/** Unpacked bytes of a part. */
const LARGEST_PART = 1 << 26;

function isCompound(start: Uint8Array): boolean {
  return COMPOUND.every((byte, index) => start[index] === byte);
}

/** How sure the first bytes of a file make it that it is an office file whose parts lie in this folder: `word/`. */
export function recogniseOffice(start: Uint8Array, folder: string): 0 | 1 | 2 {
  if (isCompound(start)) return 1;
  const text = Buffer.from(start.buffer, start.byteOffset, start.byteLength).toString('latin1');
  if (!text.startsWith('PK\u0003\u0004')) return 0;
  // An entry's name stands 30 bytes after its start.
  for (let entry = 0; entry >= 0; entry = text.indexOf('PK\u0003\u0004', entry + 1))
    if (text.startsWith(folder, entry + 30)) return 2;
  return 1;
}

/** An office file: parts in an archive that refer to each other (ECMA-376, part 2). */
export class OfficePackage {
  readonly path: string;
  readonly archive: ZipArchive;

  private constructor(path: string, archive: ZipArchive) {
    this.path = path;
    this.archive = archive;
  }

  /** @throws CemError `PARSE_ENCRYPTED`, `PARSE_<FORMAT>` for Office's older formats, `PARSE_ZIP`, `PARSE_LIMIT` */
  static async open({ path, bytes }: SourceFile, format: string): Promise<OfficePackage> {
    if (isCompound(bytes)) {
      const details = { path };
      if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(ENCRYPTED))
        throw new CemError('PARSE_ENCRYPTED', `${path} is protected by a password: save it without one, or take it out`, {
          details,
        });
      throw new CemError(
        `PARSE_${format.toUpperCase()}`,
        `${path} is of one of Office's older formats (.doc, .ppt, .xls), which are not read: save it as .docx, .pptx or .xlsx, or take it out`,
        { details },
      );
    }
    return new OfficePackage(path, await ZipArchive.open(bytes, path, { entryBytes: LARGEST_PART }));
  }

  /** @throws CemError `PARSE_ZIP` without the part; what `readXmlTree` throws */
  async tree(part: string): Promise<XmlElement> {
    return readXmlTree(await this.archive.read(part), this.path);
  }

  async treeIfThere(part: string): Promise<XmlElement | undefined> {
    const bytes = await this.archive.readIfThere(part);
    return bytes === undefined ? undefined : readXmlTree(bytes, this.path);
  }

  /** What a part refers to, by id. */
  async relationships(part: string): Promise<ReadonlyMap<string, Relationship>> {
    const slash = part.lastIndexOf('/') + 1;
    const tree = await this.treeIfThere(`${part.slice(0, slash)}_rels/${part.slice(slash)}.rels`);
    const found = new Map<string, Relationship>();
    for (const { attributes } of tree?.children ?? []) {
      const { Id: id, Type: type = '', Target: target = '', TargetMode: mode } = attributes;
      if (id === undefined) continue;
      found.set(id, {
        kind: type.slice(type.lastIndexOf('/') + 1),
        target: mode === 'External' ? target : resolvePart(part.slice(0, slash), target),
      });
    }
    return found;
  }

  /** The part that the file begins with. */
  async mainPart(usual: string): Promise<string> {
    for (const { kind, target } of (await this.relationships('')).values())
      if (kind === 'officeDocument' && this.archive.has(target)) return target;
    return usual;
  }

  /** Title and language of the file's core properties. */
  async information(): Promise<{ title?: string; language?: string }> {
    const core =
      [...(await this.relationships('')).values()].find(({ kind }) => kind === 'core-properties')?.target ?? 'docProps/core.xml';
    let tree: XmlElement | undefined;
    try {
      tree = await this.treeIfThere(core);
    } catch {
      return {};
    }
    const title = joinLines(childOf(tree, 'title')?.text ?? '');
    const language = (childOf(tree, 'language')?.text ?? '').trim();
    return {
      ...(title !== '' && !NO_TITLE.test(title) && { title }),
      ...(isLanguageTag(language) && { language }),
    };
  }
}

/** Titles that programs write where their user gives none. */
const NO_TITLE =
  /^(?:untitled.*|document\s*\d*|presentation\s*\d*|(?:microsoft )?powerpoint.*|pptxgenjs presentation|无标题|未命名|演示文稿\s*\d*|文档\s*\d*|工作簿\s*\d*)$/iu;

function resolvePart(folder: string, target: string): string {
  const parts: string[] = [];
  for (const part of (target.startsWith('/') ? target : `${folder}${target}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
