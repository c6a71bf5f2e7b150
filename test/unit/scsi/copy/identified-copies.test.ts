// Proves which copies a gateway can report by identifiers of 32 bits, and that the latest of a name
// is meant, whichever gateway had it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  COPIES_AT_ONCE_MAX,
  IDENTIFIED_COPIES_MAX,
  IDENTIFIED_COPIES_OF_INITIATOR_MAX,
  IDENTIFIED_COPY_KEPT_MS,
} from '../../../../src/scsi/copy/copy-limits.ts';
import {
  type CopyName,
  type CopyReport,
  IdentifiedCopies,
} from '../../../../src/scsi/copy/identified-copies.ts';

const nameOf = (listId: number, initiator = 'a', uuid = 'u'): CopyName => ({
  ...{ uuid, initiator, listId },
});

function world() {
  const time = { ms: 0 };
  const others: { reports: CopyReport[] | undefined } = { reports: [] };
  const copies = new IdentifiedCopies({
    utcMs: () => time.ms,
    askAll: async () => others.reports,
  });
  const end = (name: CopyName) => copies.begin(name, 0x10)({ state: 'completed' });
  return { time, others, copies, end };
}

test('a copy is reported while it lasts, and after its end, to its initiator alone', () => {
  const { copies } = world();
  const change = copies.begin(nameOf(1), 0x11);
  assert.equal(copies.reportOf(nameOf(1))?.state, 'inProgress');
  assert.ok(copies.isInProgress(nameOf(1)));
  change({ state: 'failed', transferCount: 3 });
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(copies.reportOf(nameOf(1)), {
      ...{ beganMs: 0, serviceAction: 0x11, state: 'failed', transferCount: 3 },
      segmentsProcessed: 0,
    });
  }
  for (const name of [nameOf(2), nameOf(1, 'b'), nameOf(1, 'a', 'v')]) {
    assert.equal(copies.reportOf(name), undefined);
  }
});

test('a copy that has ended is not known for ever', () => {
  const { copies, time, end } = world();
  end(nameOf(1));
  time.ms = IDENTIFIED_COPY_KEPT_MS;
  assert.ok(copies.reportOf(nameOf(1)));
  time.ms++;
  assert.equal(copies.reportOf(nameOf(1)), undefined);
});

test('an initiator has a bound at a disk, and drops its own oldest', () => {
  const { copies, end } = world();
  end(nameOf(0, 'b'));
  for (let id = 0; id <= IDENTIFIED_COPIES_OF_INITIATOR_MAX; id++) end(nameOf(id));
  assert.equal(copies.reportOf(nameOf(0)), undefined);
  assert.ok(copies.reportOf(nameOf(1)));
  assert.ok(copies.reportOf(nameOf(0, 'b')));
});

test('all initiators together have a bound', () => {
  const { copies, end } = world();
  for (let i = 0; i <= IDENTIFIED_COPIES_MAX; i++) end(nameOf(1, `initiator${i}`));
  assert.equal(copies.reportOf(nameOf(1, 'initiator0')), undefined);
  assert.ok(copies.reportOf(nameOf(1, 'initiator1')));
});

test('copies in progress are bounded, and never dropped', () => {
  const { copies, end } = world();
  for (let id = 0; id < COPIES_AT_ONCE_MAX; id++) copies.begin(nameOf(id), 0x11);
  assert.ok(copies.isFull(nameOf(99)));
  assert.ok(!copies.isFull(nameOf(99, 'b')));
  for (let i = 0; i < IDENTIFIED_COPIES_MAX; i++) end(nameOf(1, `initiator${i}`));
  assert.ok(copies.isInProgress(nameOf(0)));
});

test('the latest copy of a name is meant, at whichever gateway', async () => {
  const { copies, others, time, end } = world();
  time.ms = 5;
  end(nameOf(1));
  const report = { ...copies.reportOf(nameOf(1))!, serviceAction: 0x11 };
  const actionOf = async () => {
    const found = await copies.find(nameOf(1));
    return typeof found === 'object' ? found.serviceAction : found;
  };
  others.reports = [
    { ...report, beganMs: 4 },
    { ...report, beganMs: 3 },
  ];
  assert.equal(await actionOf(), 0x10);
  others.reports = [
    { ...report, beganMs: 4, serviceAction: 0 },
    { ...report, beganMs: 6 },
  ];
  assert.equal(await actionOf(), 0x11);
});

test('a gateway that cannot ask the others says what it knows', async () => {
  const { copies, others, end } = world();
  others.reports = undefined;
  assert.equal(await copies.find(nameOf(1)), 'notAnswered');
  end(nameOf(1));
  assert.equal(typeof (await copies.find(nameOf(1))), 'object');
  others.reports = [];
  assert.equal(await copies.find(nameOf(2)), undefined);
});
