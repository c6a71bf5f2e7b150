// Proves that the answer of a gateway that lists as many sessions as it may, of the longest names,
// fits into one message.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ISCSI_NAME_LENGTH_MAX } from '../../../src/base/iscsi-name.ts';
import { DISKS_MAX, PORTALS_PER_GATEWAY_MAX } from '../../../src/config/limits.ts';
import {
  encodeMessage,
  STATUS_DISKS_MAX,
  STATUS_MARKS_MAX,
  STATUS_SESSIONS_MAX,
  unservedDisks,
} from '../../../src/control/channels.ts';
import { CHANNEL_MESSAGE_LENGTH_MAX } from '../../../src/records/records.ts';

test('the longest status is one message', () => {
  const name = 'x'.repeat(ISCSI_NAME_LENGTH_MAX);
  const disk = 'd'.repeat(63);
  const count = Number.MAX_SAFE_INTEGER;
  const message = encodeMessage({
    name: 'g'.repeat(64),
    pid: count,
    documentVersion: count,
    draining: false,
    uptimeSeconds: count,
    residentBytes: count,
    portals: Array.from({ length: PORTALS_PER_GATEWAY_MAX }, () => `[${'f'.repeat(45)}]:65535`),
    host: 'h'.repeat(64),
    servedDisks: count,
    fullDisks: Array.from({ length: STATUS_DISKS_MAX }, () => disk),
    unserved: unservedDisks(
      Array.from({ length: DISKS_MAX }, () => ({ disk, reason: '"'.repeat(10_000) })),
    ),
    sessionCount: count,
    sessions: Array.from({ length: STATUS_SESSIONS_MAX }, () => ({
      initiator: name,
      target: name,
    })),
    enforced: Object.fromEntries(
      Array.from({ length: STATUS_MARKS_MAX }, (_, i) => [String(i).padStart(36, '0'), count]),
    ),
    traffic: {
      reads: count,
      writes: count,
      otherCommands: count,
      bytesRead: count,
      bytesWritten: count,
      readsPerSecond: count,
      writesPerSecond: count,
      bytesReadPerSecond: count,
      bytesWrittenPerSecond: count,
    },
  });
  assert.ok(message.length <= CHANNEL_MESSAGE_LENGTH_MAX, `${message.length}`);
});
