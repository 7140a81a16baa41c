import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf } from '../../../fixtures/temporary-folder.ts';
import { parsed, sampleContract } from '../sample-contract.ts';

const test = suite('csv parser');

sampleContract('csv', { readable: (piece) => piece });

const tableOf = async (path: string, content: string | Uint8Array) => (await parsed(path, content)).blocks[0]!.table!;

test('quotes, line ends in fields, and the sign between fields', async () => {
  assert.equal(await tableOf('a.csv', 'name,city\n"small, ""one""",Bonn\n大号,"上海\n市"\n'), {
    rows: [
      ['name', 'city'],
      ['small, "one"', 'Bonn'],
      ['大号', '上海市'],
    ],
    headerRows: 1,
  });
  assert.equal((await tableOf('a.csv', 'a;b\n"x; y";"1,2"\n')).rows[1], ['x; y', '1,2']);
  assert.equal((await tableOf('a.csv', 'a|b\n1|2\n')).rows[1], ['1', '2']);
  assert.equal((await tableOf('a.tsv', 'a\tb, c\n1\t2\n')).rows[0], ['a', 'b, c']);
});

test('the first row is the header unless it has numbers', async () => {
  assert.is((await tableOf('a.csv', 'a,b\n1,2\n')).headerRows, 1);
  assert.is((await tableOf('a.csv', '1,2\n3,4\n')).headerRows, 0);
  assert.is((await tableOf('a.csv', 'only,row\n')).headerRows, 0);
});

test('GB18030, rows of different lengths, empty rows', async () => {
  // 地区,名称 and 中国,广州,超过 in GB18030.
  const gb = Buffer.from('b5d8c7f82cc3fbb3c60a0ad6d0b9fa2cb9e3d6dd2cb3acb9fd0a', 'hex');
  const { rows } = await tableOf('a.csv', gb);
  assert.equal(rows, [
    ['地区', '名称', ''],
    ['中国', '广州', '超过'],
  ]);
});

test('a quote that does not end is an error', async () => {
  assert.is((await errorOf(() => parsed('a.csv', 'a,"b\nc,d\n'))).code, 'PARSE_CSV');
});

test('a row of very many fields among many rows makes no table', async () => {
  const content = `${'x,'.repeat(2000)}\n${'a\n'.repeat(2000)}b,c\n`;
  assert.is((await errorOf(() => parsed('a.csv', content))).code, 'PARSE_CSV');
});

test.run();
