// Proves the page of commands that are not there: each is refused with the code that it names, and
// the lists that it cites hold no command that is neither there nor in the command table.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CommandTable, commands } from '../../../src/scsi/command-table.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';

const page = new URL('../../../docs/internals/absent-commands.md', import.meta.url);
const VARIABLE_LENGTH = 0x7f;
const CODES: Readonly<Record<string, string>> = {
  'INVALID COMMAND OPERATION CODE': '5/2000',
  'INVALID FIELD IN CDB': '5/2400',
};

/** Operation codes of disks in SCST's list, without those of copies. */
const OPERATION_CODES = `
00 03 04 05 07 08 0a 0b 11 12 15 16 17 1a 1b 1c 1d 1e 23 25 28 29 2a 2b 2c 2d 2e 2f 34 35 36 37
3b 3c 3e 3f 40 41 42 4c 4d 50 51 53 55 56 57 5a 5e 5f 7f 81 82 85 86 87 88 89 8a 8e 8f 90 91 92
93 9e a0 a1 a2 a3 a4 a8 aa ae af b5 b7`;

/** Service actions of disks in the lists of sg3_utils, by operation code. */
const SERVICE_ACTIONS: Readonly<Record<string, string>> = {
  '5e': '0 1 2 3',
  '5f': '0 1 2 3 4 5 6 7 8',
  '7f': '1 2 3 4 5 6 7 8 9 a b c d e f 10 11 12 1800 1ff0',
  '9e': 'f 10 11 12 13 14 15 16 17 18 19 1a',
  '9f': 'b c d e f 11 12 14',
  a3: '5 a b c d e f 10 1d',
  a4: '6 a b c e f 10',
};

interface Row {
  readonly operationCode: number;
  readonly serviceAction: number | undefined;
  readonly name: string;
  readonly refusal: string;
  readonly why: string;
}

const rows = readFileSync(page, 'utf8')
  .split('\n')
  .filter((line) => /^\| [0-9A-F]{2}h/.test(line))
  .map(rowOf);

function rowOf(line: string): Row {
  const [codes = '', name = '', refusal = '', why = ''] = line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
  const [code = '', action] = codes.split(' / ').map((hex) => Number.parseInt(hex, 16));
  return { operationCode: Number(code), serviceAction: action, name, refusal, why };
}

function cdbOf({ operationCode, serviceAction = 0 }: Row): number[] {
  const cdb = new Array<number>(32).fill(0);
  cdb[0] = operationCode;
  if (operationCode === VARIABLE_LENGTH) {
    [cdb[7], cdb[8], cdb[9]] = [0x18, serviceAction >> 8, serviceAction & 0xff];
  } else cdb[1] = serviceAction;
  return cdb;
}

test('each is refused with the code that the page names, and has a reason', async () => {
  const bench = await ScsiBench.open();
  const table = new CommandTable(commands);
  assert.ok(rows.length > 0);
  for (const row of rows) {
    assert.equal(table.find(Uint8Array.from(cdbOf(row))), undefined, row.name);
    assert.equal(bench.send(cdbOf(row)).condition, CODES[row.refusal], row.name);
    assert.notEqual(row.why, '', row.name);
  }
});

test('every listed command is on the page or in the command table', () => {
  const hex = (text: string) => text.trim().split(/\s+/);
  const known = [...rows, ...commands];
  const key = (code: number, action?: number) => `${code} ${action}`;
  const pairs = new Set(known.map((one) => key(one.operationCode, one.serviceAction)));
  const codes = new Set(known.map(({ operationCode }) => operationCode));
  for (const code of hex(OPERATION_CODES)) {
    assert.ok(codes.has(Number.parseInt(code, 16)), `operation code ${code}`);
  }
  for (const [code, actions] of Object.entries(SERVICE_ACTIONS)) {
    for (const action of hex(actions)) {
      const pair = key(Number.parseInt(code, 16), Number.parseInt(action, 16));
      assert.ok(pairs.has(pair), `service action ${action} of ${code}`);
    }
  }
});

test('each is listed once, in ascending order', () => {
  const places = rows.map(
    ({ operationCode, serviceAction = 0 }) => operationCode * 2 ** 16 + serviceAction,
  );
  const ascending = places.toSorted((a, b) => a - b);
  assert.deepEqual(places, ascending);
  assert.equal(new Set(places).size, places.length);
});
