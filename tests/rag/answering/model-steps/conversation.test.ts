import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { standaloneQuestion } from '../../../../rag/answering/model-steps/conversation.ts';
import type { ChatMessage } from '../../../../rag/chat/index.ts';

const test = suite('conversation');

const HISTORY: readonly ChatMessage[] = [
  { role: 'user', content: 'How do I resume a run?' },
  { role: 'assistant', content: 'With --resume.' },
];
const ZH: readonly ChatMessage[] = [
  { role: 'user', content: '试用期最长多久？' },
  { role: 'assistant', content: '六个月。' },
];

test('what refers back is searched together with the question before it', async () => {
  for (const question of [
    'Where is it kept?',
    'And after a power cut?',
    'Why?',
    'What is the largest of those numbers?',
    'Is there a limit to that?',
  ])
    assert.is(await standaloneQuestion(question, HISTORY, {}), `How do I resume a run? ${question}`, question);
  for (const question of ['它可以延长吗？', '那三年以上的合同呢？', '为什么？'])
    assert.is(await standaloneQuestion(question, ZH, {}), `试用期最长多久？ ${question}`, question);
});

test('a question that stands by itself is asked as it is', async () => {
  const alone = [
    'Who wrote the constitution of Mars?',
    'When did the company that makes the engine begin?',
    'Where are the checkpoints of a run stored?',
    'Is there a limit to the size of a document?',
  ];
  for (const question of alone) assert.is(await standaloneQuestion(question, HISTORY, {}), undefined, question);
  for (const question of ['劳动合同应该包括哪些条款？', '其他国家的法律如何规定工作时间？'])
    assert.is(await standaloneQuestion(question, ZH, {}), undefined, question);
});

test('without a question before it nothing is rewritten', async () => {
  assert.is(await standaloneQuestion('Where is it?', [], {}), undefined);
  assert.is(await standaloneQuestion('Where is it?', [{ role: 'system', content: 'Be brief.' }], {}), undefined);
});

test('a chat model rewrites, and where it fails the rule does', async () => {
  const complete = async (): Promise<string> => 'Q: "Where is a run kept?"\n';
  assert.is(await standaloneQuestion('Where is it kept?', HISTORY, { chat: { name: 'one', complete } }), 'Where is a run kept?');
  const notes: string[] = [];
  const fails = async (): Promise<string> => {
    throw new TypeError('no line');
  };
  const question = await standaloneQuestion('Where is it kept?', HISTORY, {
    chat: { name: 'none', complete: fails },
    note: (line) => notes.push(line),
  });
  assert.is(question, 'How do I resume a run? Where is it kept?');
  assert.is(notes.length, 1);
});

test.run();
