import { defineParser } from '../define-parser.ts';

/** Fields of a mail's head (RFC 5322, 3.6; RFC 2045, 4), of which those that only mails have come last. */
const FIELDS = ['from', 'to', 'subject', 'date', 'message-id', 'received', 'mime-version', 'return-path', 'delivered-to'];
const TELLING = FIELDS.slice(FIELDS.indexOf('message-id'));

/** Mails (RFC 5322), one a file or many in a mailbox (RFC 4155). */
export const mailParser = defineParser({
  format: 'mail',
  version: 2,
  extensions: ['.eml', '.mbox'],
  pictures: true,
  recognise(start) {
    const text = Buffer.from(start).toString('latin1');
    const head = text.replace(/^From [^\n]*\n/, '').split(/\r?\n\r?\n/, 1)[0]!;
    if (!/^[\w-]+:/.test(head)) return 0;
    const names = new Set([...head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase()));
    const known = FIELDS.filter((name) => names.has(name)).length;
    return known >= 3 && TELLING.some((name) => names.has(name)) ? 2 : 0;
  },
  load: async () => (await import('./read-mail.ts')).readMail,
});
