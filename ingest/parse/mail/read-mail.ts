import PostalMime, { type Address, type Email } from 'postal-mime';
import { CemError } from '../../../base/index.ts';
import type { JsonValue } from '../../../data/index.ts';
import type { Block } from '../block.ts';
import { BlockWriter } from '../block-writer.ts';
import { pageDocument } from '../html/index.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures, dataBytes, type PictureSource } from '../picture/index.ts';
import { joinLines } from '../prose.ts';
import { writePlainText } from '../text/plain-text.ts';
import { mailboxMessages } from './mailbox.ts';

/** Bounds of postal-mime: parts within parts, and bytes of a head. */
const LIMITS = { maxNestingDepth: 50, maxHeadersSize: 1 << 20 };

/** A text beside a page says what the page says, unless it is so much shorter: then it asks to read the page. */
const LEAST_TEXT = 0.5;

/** One document a mail. @throws CemError `PARSE_MAIL` for what has no fields of a mail */
export async function readMail({ bytes, path }: SourceFile): Promise<readonly ParsedDocument[]> {
  const documents: ParsedDocument[] = [];
  for (const message of mailboxMessages(bytes)) documents.push(await mailDocument(message, path));
  return documents;
}

async function mailDocument(bytes: Uint8Array, path: string): Promise<ParsedDocument> {
  const mail = await PostalMime.parse(bytes, LIMITS);
  if (mail.headers.length === 0 || (mail.from === undefined && mail.subject === undefined && mail.date === undefined)) {
    throw new CemError(
      'PARSE_MAIL',
      `${path} has no From, Subject or Date: it is no mail, or its head is damaged; say its format, or take it out`,
      {
        details: { path },
      },
    );
  }
  const title = clean(mail.subject);
  const fields = fieldsOf(mail);
  return {
    ...(title !== undefined && { title }),
    ...(Object.keys(fields).length > 0 && { fields }),
    blocks: await new BlockPictures().read(bodyOf(mail, path), attachedPictures(mail)),
  };
}

function bodyOf({ text = '', html = '' }: Email, path: string): readonly Block[] {
  const plain = (): readonly Block[] => {
    const writer = new BlockWriter();
    writeMailText(text, writer);
    return writer.blocks;
  };
  if (html.trim() === '') return plain();
  const page = pageDocument(html, { path, mainContent: false, spans: false }).blocks;
  const isWhole = text.trim().length >= LEAST_TEXT * lengthOf(page);
  return isWhole && text.trim() !== '' ? plain() : page;
}

/** Pictures that a page of a mail shows are parts of the mail (RFC 2392), or stand in the page. */
function attachedPictures({ attachments }: Email): PictureSource {
  return async (reference) => {
    if (!/^cid:/i.test(reference)) return dataBytes(reference);
    const id = reference.slice(4);
    const content = attachments.find(({ contentId }) => contentId?.replace(/^<|>$/g, '') === id)?.content;
    return content instanceof ArrayBuffer ? new Uint8Array(content) : content instanceof Uint8Array ? content : undefined;
  };
}

function lengthOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { text }) => sum + text.length, 0);
}

/** Lines that begin with `>` are of an earlier mail. */
function writeMailText(text: string, writer: BlockWriter): void {
  let quoted = false;
  let lines: string[] = [];
  const close = (): void => {
    const part = lines.join('\n');
    if (quoted) for (const paragraph of part.split(/\n\s*\n/)) writer.add('quote', joinLines(paragraph));
    else writePlainText(part, writer, { places: false });
    lines = [];
  };
  for (const line of text.split(/\r?\n/)) {
    const isQuote = line.startsWith('>');
    if (isQuote !== quoted) close();
    quoted = isQuote;
    lines.push(isQuote ? line.replace(/^(?:> ?)+/, '') : line);
  }
  close();
}

function fieldsOf(mail: Email): Record<string, JsonValue> {
  const fields: Record<string, JsonValue> = {};
  const put = (key: string, value: JsonValue | undefined): void => {
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) fields[key] = value;
  };
  put('from', mail.from === undefined ? undefined : addressesOf([mail.from])[0]);
  put('to', addressesOf(mail.to ?? []));
  put('cc', addressesOf(mail.cc ?? []));
  put('date', clean(mail.date));
  put('message_id', clean(mail.messageId));
  put('in_reply_to', clean(mail.inReplyTo));
  put(
    'attachments',
    mail.attachments.flatMap(({ filename }) => clean(filename ?? undefined) ?? []),
  );
  return fields;
}

/** `Name <name@example.org>`; the members of a group one by one. */
function addressesOf(addresses: readonly Address[]): string[] {
  return addresses.flatMap(({ name, address, group }) => {
    if (group !== undefined) return addressesOf(group);
    return clean(name && address ? `${name} <${address}>` : name || address || undefined) ?? [];
  });
}

/** On one line, without halves of surrogate pairs; undefined when nothing is left. */
function clean(value: string | undefined): string | undefined {
  return value === undefined ? undefined : joinLines(value).replace(/\p{Surrogate}/gu, '\ufffd') || undefined;
}
