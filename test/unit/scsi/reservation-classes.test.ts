// Proves which commands reservations of others keep out, command by command, against the tables of
// the standards: SPC-2 revision 20, table B.2 (SBC commands, which also has the columns of RESERVE
// and of each type), and for the commands that it lacks what SCST and FreeBSD's CTL agree on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandTable, commands } from '../../../src/scsi/command-table.ts';
import { CONFLICTS } from '../../../src/scsi/reservations/restrictions.ts';

/** By name: allowed under another's RESERVE, write exclusive, and exclusive access. */
const EXPECTED: Readonly<Record<string, string>> = {
  'TEST UNIT READY': '-WE',
  'REQUEST SENSE': 'RWE',
  INQUIRY: 'RWE',
  'MODE SELECT (6)': '---',
  'MODE SELECT (10)': '---',
  'MODE SENSE (6)': '-W-',
  'MODE SENSE (10)': '-W-',
  'LOG SENSE': 'RWE',
  'START STOP UNIT': '---',
  'SEND DIAGNOSTIC': '---',
  'PREVENT ALLOW MEDIUM REMOVAL': '---',
  'WRITE BUFFER': '---',
  'READ BUFFER (10)': '-W-',
  'READ CAPACITY (10)': 'RWE',
  'READ CAPACITY (16)': 'RWE',
  'REPORT LUNS': 'RWE',
  'REPORT TARGET PORT GROUPS': 'RWE',
  'REPORT IDENTIFYING INFORMATION': 'RWE',
  'SET IDENTIFYING INFORMATION': '---',
  'REPORT SUPPORTED OPERATION CODES': '-W-',
  'REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS': '-W-',
  'READ (6)': '-W-',
  'READ (10)': '-W-',
  'READ (12)': '-W-',
  'READ (16)': '-W-',
  'WRITE (6)': '---',
  'WRITE (10)': '---',
  'WRITE (12)': '---',
  'WRITE (16)': '---',
  'WRITE AND VERIFY (10)': '---',
  'WRITE AND VERIFY (12)': '---',
  'WRITE AND VERIFY (16)': '---',
  'WRITE ATOMIC (16)': '---',
  'VERIFY (10)': '-W-',
  'VERIFY (12)': '-W-',
  'VERIFY (16)': '-W-',
  'SYNCHRONIZE CACHE (10)': '---',
  'SYNCHRONIZE CACHE (16)': '---',
  'PRE-FETCH (10)': '-W-',
  'PRE-FETCH (16)': '-W-',
  'WRITE SAME (10)': '---',
  'WRITE SAME (16)': '---',
  UNMAP: '---',
  'COMPARE AND WRITE': '---',
  'GET LBA STATUS': '-W-',
  'ORWRITE (16)': '---',
  'EXTENDED COPY (LID1)': '---',
  'RECEIVE COPY RESULTS (COPY STATUS)': 'RWE',
  'RECEIVE COPY RESULTS (OPERATING PARAMETERS)': 'RWE',
  'POPULATE TOKEN': '-W-',
  'WRITE USING TOKEN': '---',
  'RECEIVE ROD TOKEN INFORMATION': 'RWE',
  'READ DEFECT DATA (10)': '-W-',
  'READ DEFECT DATA (12)': '-W-',
  // By rules of their own: see the pure functions.
  'RESERVE (6)': 'RWE',
  'RESERVE (10)': 'RWE',
  'RELEASE (6)': 'RWE',
  'RELEASE (10)': 'RWE',
};

/** What restricts a nexus, as `restrictionsOf` gives it. */
const Restriction = { writeExclusive: 1, exclusiveAccess: 2, reservedByOther: 4, reserved: 8 };

const table = new CommandTable(commands);

test('every command conflicts with what its standard says', () => {
  for (const { name, conflicts } of table.commands) {
    if (name.startsWith('PERSISTENT RESERVE')) {
      assert.equal(conflicts, Restriction.reserved, name);
      continue;
    }
    const allows = (restriction: number, letter: string) =>
      (conflicts & restriction) === 0 ? letter : '-';
    const seen = [
      allows(Restriction.reservedByOther | Restriction.reserved, 'R'),
      allows(Restriction.writeExclusive, 'W'),
      allows(Restriction.exclusiveAccess, 'E'),
    ].join('');
    assert.equal(seen, EXPECTED[name], name);
  }
  assert.equal(CONFLICTS.allowed, 0);
});

test('START STOP UNIT that starts passes every reservation', () => {
  const row = table.find(Uint8Array.of(0x1b, 0, 0, 0, 1, 0));
  assert.equal(row?.passesReservations(Uint8Array.of(0x1b, 0, 0, 0, 1, 0)), true);
  assert.equal(row?.passesReservations(Uint8Array.of(0x1b, 0, 0, 0, 0, 0)), false);
  assert.equal(row?.passesReservations(Uint8Array.of(0x1b, 0, 0, 0, 0x11, 0)), false);
});
