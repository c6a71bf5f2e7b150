import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';

import type { Directory } from '../../../src/iscsi/contracts.ts';
import { DiscoveryService } from '../../../src/iscsi/discovery.ts';
import { BHS_LENGTH, RESERVED_TAG, TextRequest } from '../../../src/iscsi/standard/bhs.ts';
import { RejectReason } from '../../../src/iscsi/standard/reject-reason.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const TARGETS = 200;
const directory: Directory = {
  listTargets: (_, only) =>
    Array.from({ length: TARGETS }, (_, i) => ({
      targetName: `iqn.2026-11.io.allpath:disk-${i}`,
      portals: [{ address: '10.0.0.1', port: 3260, portalGroupTag: 1 }],
    })).filter(({ targetName }) => targetName === (only ?? targetName)),
  hasPortal: () => true,
  findTarget: () => undefined,
  discoveryAuthentication: undefined,
  draining: false,
};

function bench(ownTarget?: string) {
  const scope = { directory, initiatorName: 'iqn.me', ownTarget };
  const service = new DiscoveryService(scope, new VirtualClock());
  return (text: string, options: { final?: boolean; more?: boolean; tag?: number } = {}) => {
    const bytes = new Uint8Array(BHS_LENGTH);
    TextRequest.final.set(bytes, options.final === false ? 0 : 1);
    TextRequest.continue.set(bytes, options.more === true ? 1 : 0);
    TextRequest.targetTransferTag.set(bytes, options.tag ?? RESERVED_TAG);
    const data = Buffer.from(text);
    const answer = service.onTextRequest(512, { bytes, base: 0, joinedData: () => data });
    return answer.status === 'reject'
      ? answer
      : { ...answer, text: Buffer.from(answer.data ?? []).toString() };
  };
}

test('a long answer is told in pieces', () => {
  // Proves: pieces fit the initiator's data segment, tags hold, nothing is lost or doubled.
  const send = bench();
  let answer = send('SendTargets=All\0');
  let told = '';
  let pieces = 0;
  for (;;) {
    assert.equal(answer.status, 'answer');
    assert.ok(answer.text.length <= 512);
    told += answer.text;
    pieces++;
    if (!answer.continues) break;
    assert.ok(!answer.final);
    assert.notEqual(answer.targetTransferTag, RESERVED_TAG);
    answer = send('', { tag: answer.targetTransferTag });
  }
  assert.ok(answer.final);
  assert.equal(answer.targetTransferTag, RESERVED_TAG);
  assert.ok(pieces > 10);
  const names = told.split('\0').filter((pair) => pair.startsWith('TargetName='));
  assert.deepEqual(
    names,
    Array.from({ length: TARGETS }, (_, i) => `TargetName=iqn.2026-11.io.allpath:disk-${i}`),
  );
});

test('a request may go over several PDUs', () => {
  // Proves: a request with the C bit is gathered under a tag; its answer comes at the end.
  const send = bench('iqn.2026-11.io.allpath:disk-3');
  const first = send('SendTar', { final: false, more: true });
  assert.equal(first.status, 'answer');
  assert.ok(!first.final && !first.continues && first.text === '');
  const last = send('gets=\0', { tag: first.targetTransferTag });
  assert.equal(last.status, 'answer');
  assert.ok(last.final);
  assert.equal(
    last.text,
    'TargetName=iqn.2026-11.io.allpath:disk-3\0TargetAddress=10.0.0.1:3260,1\0',
  );
});

test('an initiator that is not done keeps the exchange open', () => {
  // Proves: F=0 is answered by F=0 under a tag.
  const send = bench('iqn.x');
  const answer = send('InitiatorAlias=x\0', { final: false });
  assert.equal(answer.status, 'answer');
  assert.ok(!answer.final);
  const done = send('', { tag: answer.targetTransferTag });
  assert.ok(done.status === 'answer' && done.final);
});

test('keys after the login are declared, refused or unknown', () => {
  // Proves: MaxRecvDataSegmentLength may be declared again; keys that the login settled are
  // refused.
  const send = bench('iqn.x');
  const answer = send(
    'MaxRecvDataSegmentLength=65536\0MaxBurstLength=512\0HeaderDigest=None\0AuthMethod=CHAP\0' +
      'X-a=1\0SendTargets=All\0',
  );
  assert.equal(answer.status, 'answer');
  assert.equal(answer.initiatorMaxRecvDataSegmentLength, 65536);
  assert.deepEqual(answer.text.split('\0').filter(Boolean), [
    'X-a=NotUnderstood',
    'MaxBurstLength=Reject',
    'HeaderDigest=Reject',
    'AuthMethod=Reject',
    'SendTargets=Reject',
  ]);
});

test('what breaks the exchange is rejected', () => {
  // Proves: unknown tags, F with C, malformed texts, text amid an answer; a new exchange works.
  const send = bench();
  const rejects = [
    [RejectReason.invalidPduField, send('', { tag: 99 })],
    [RejectReason.protocolError, send('A=1\0', { more: true })],
    [RejectReason.protocolError, send('nothing\0')],
    [RejectReason.protocolError, send('SendTargets=All\0SendTargets=All\0')],
  ] as const;
  for (const [reason, answer] of rejects) assert.deepEqual(answer, { status: 'reject', reason });
  const begun = send('SendTargets=All\0');
  assert.ok(begun.status === 'answer' && begun.continues);
  const amid = send('A=1\0', { tag: begun.targetTransferTag });
  assert.equal(amid.status, 'reject');
  assert.equal(send('', { tag: begun.targetTransferTag }).status, 'reject');
  assert.equal(send('SendTargets=All\0').status, 'answer');
});

test('random requests are answered or rejected', () => {
  // Proves: no sequence of requests makes the service throw or answer beyond the data segment.
  const request = fc.record({
    text: fc.oneof(
      fc.constantFrom('', 'SendTargets=All\0', 'SendTargets=', '\0', 'A=1\0'),
      fc.string({ maxLength: 30 }),
    ),
    final: fc.boolean(),
    more: fc.boolean(),
    tag: fc.constantFrom(undefined, 1, 2, 3),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), fc.boolean(), (requests, discovery) => {
      const send = bench(discovery ? undefined : 'iqn.x');
      for (const { text, final, more, tag } of requests) {
        const answer = send(text, { final, more, ...(tag === undefined ? {} : { tag }) });
        if (answer.status === 'answer') assert.ok(answer.text.length <= 512);
      }
    }),
  );
});
