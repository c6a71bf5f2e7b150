import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LoginStatus } from '../../../../src/iscsi/standard/login-status.ts';
import { RejectReason } from '../../../../src/iscsi/standard/reject-reason.ts';
import {
  TASK_MANAGEMENT,
  TaskManagementResponseCode,
} from '../../../../src/iscsi/standard/task-management.ts';

test('task management functions have the codes of RFC 7143 and RFC 7144', () => {
  // Proves: twelve codes in order, the last four bound to iSCSIProtocolLevel 2.
  assert.deepEqual(
    [...TASK_MANAGEMENT].map(([code, row]) => `${code} ${row.name} ${row.protocolLevel}`),
    [
      '1 ABORT TASK 1',
      '2 ABORT TASK SET 1',
      '3 CLEAR ACA 1',
      '4 CLEAR TASK SET 1',
      '5 LOGICAL UNIT RESET 1',
      '6 TARGET WARM RESET 1',
      '7 TARGET COLD RESET 1',
      '8 TASK REASSIGN 1',
      '9 QUERY TASK 2',
      '10 QUERY TASK SET 2',
      '11 I_T NEXUS RESET 2',
      '12 QUERY ASYNCHRONOUS EVENT 2',
    ],
  );
  assert.equal(TaskManagementResponseCode.functionNotSupported, 5);
  assert.equal(TaskManagementResponseCode.functionRejected, 255);
});

test('status and reason codes are distinct', () => {
  // Proves: no two names of a code table share a value.
  for (const table of [LoginStatus, RejectReason, TaskManagementResponseCode]) {
    const values = Object.values(table);
    assert.equal(new Set(values).size, values.length);
  }
});
