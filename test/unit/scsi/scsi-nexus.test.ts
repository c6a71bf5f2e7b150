// Proves the life of a command in a nexus: checks and their precedence, task attributes, the bound
// on the task set, solicited data, unit attentions, and the end of everything on close.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Status } from '../../../src/scsi/status.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { setModes } from '../../support/set-modes.ts';
import { settle } from '../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const reading = { dataInExpected: 512 };

test('a read that the medium answers at once ends within submit', async () => {
  const bench = await ScsiBench.open();
  const task = bench.send(READ, reading);
  assert.deepEqual(task.ends, [Status.good]);
  assert.equal(task.dataIn.length, 512);
  assert.equal(bench.nexus.outstanding, 0);
});

test('a read returns what was written, with blocks of 512 and of 4096 bytes', async () => {
  for (const blockLengthBytes of [512, 4096]) {
    const bench = await ScsiBench.open({ blockLengthBytes });
    const data = Uint8Array.from({ length: blockLengthBytes }, (_, i) => i % 251);
    const lba3 = [0x2a, 0, 0, 0, 0, 3, 0, 0, 1, 0];
    assert.equal(bench.send(lba3, { data }).status, Status.good);
    const read = bench.send([0x28, ...lba3.slice(1)], { dataInExpected: blockLengthBytes });
    assert.deepEqual(read.dataIn, data);
    assert.deepEqual(bench.volume.log.at(-1), `read ${3 * blockLengthBytes}`);
  }
});

test('an unknown operation code, a reserved bit and NACA are refused, with field pointers', async () => {
  const bench = await ScsiBench.open();
  assert.equal(bench.send([0xff, 0, 0, 0, 0, 0]).condition, '5/2000');
  const reserved = bench.send([0x28, 0, 0, 0, 0, 0, 0x80, 0, 1, 0], reading);
  assert.equal(reserved.condition, '5/2400');
  assert.deepEqual([...reserved.sense!.subarray(15, 18)], [0xcf, 0, 6]);
  const naca = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 4], reading);
  assert.deepEqual([...naca.sense!.subarray(15, 18)], [0xca, 0, 9]);
  const serviceAction = bench.send([0x9e, 0x1e, ...new Array(14).fill(0)]);
  assert.equal(serviceAction.condition, '5/2400');
  assert.equal(bench.send(READ.slice(0, 8), reading).condition, '5/2400');
});

test('a LUN without a logical unit answers LOGICAL UNIT NOT SUPPORTED', async () => {
  const bench = await ScsiBench.open();
  assert.equal(bench.send(READ, { ...reading, lun: 7 }).condition, '5/2500');
  assert.equal(bench.send([0xff], { lun: 7 }).condition, '5/2500');
});

test('a write waits for solicited data, and only what the CDB asks for is solicited', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(1024).fill(7);
  const task = bench.send(WRITE, { data, immediate: false });
  assert.deepEqual(task.ends, []);
  assert.equal(task.requested, 512);
  task.deliver();
  assert.deepEqual(task.ends, [Status.good]);
  assert.equal(task.transferLength, 512);
});

test('ORDERED waits for all older commands, SIMPLE for older ORDERED, HEAD OF QUEUE for none', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const first = bench.send(READ, reading);
  const ordered = bench.send(READ, { ...reading, attribute: 'ordered' });
  const simple = bench.send(READ, reading);
  const head = bench.send(READ, { ...reading, attribute: 'headOfQueue' });
  const states = () => [first, ordered, simple, head].map((task) => task.state);
  assert.deepEqual(states(), ['running', 'dormant', 'dormant', 'running']);
  bench.volume.release();
  await settle();
  assert.deepEqual(states(), ['idle', 'dormant', 'dormant', 'running']);
  bench.volume.release();
  await settle();
  assert.deepEqual(states(), ['idle', 'running', 'dormant', 'idle']);
  bench.volume.release();
  await settle();
  assert.deepEqual(states(), ['idle', 'idle', 'running', 'idle']);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(simple.ends, [Status.good]);
});

test('beyond the bound of the task set: TASK SET FULL', async () => {
  const bench = await ScsiBench.open({ taskSetDepthMax: 2 });
  bench.volume.shut = true;
  bench.send(READ, reading);
  bench.send(READ, reading);
  assert.equal(bench.send(READ, reading).status, Status.taskSetFull);
  bench.volume.releaseAll();
  await settle();
  assert.equal(bench.send(READ, reading).status, Status.good);
});

test('a new nexus begins with POWER ON, RESET, OR BUS DEVICE RESET OCCURRED, told once', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus(new Map());
  other.updateLuns(new Map([[5, bench.logicalUnit]]));
  const at5 = { ...reading, lun: 5 };
  assert.equal(bench.send(READ, at5, other).condition, '6/2900');
  assert.equal(bench.send(READ, at5, other).condition, '6/3f0e');
  assert.equal(bench.send(READ, at5, other).status, Status.good);
});

test('every nexus is notified of a new size, once for any number of changes', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  await bench.store.resize('disk', 4096 * 512);
  await bench.store.resize('disk', 8192 * 512);
  for (const nexus of [bench.nexus, other]) {
    assert.equal(bench.send(READ, reading, nexus).condition, '6/2a09');
    assert.equal(bench.send(READ, reading, nexus).status, Status.good);
  }
  assert.equal(bench.logicalUnit.blocks, 8192);
});

test('a read-only unit and software write protect refuse writes', async () => {
  const readOnly = await ScsiBench.open({ readOnly: true });
  const data = new Uint8Array(512);
  assert.equal(readOnly.send(WRITE, { data }).condition, '7/2700');
  const bench = await ScsiBench.open();
  setModes(bench.logicalUnit, { swp: true });
  assert.equal(bench.send(WRITE, { data }).condition, '7/2700');
  assert.equal(bench.send(READ, reading).status, Status.good);
});

test('D_SENSE decides the format of the sense data', async () => {
  const bench = await ScsiBench.open();
  setModes(bench.logicalUnit, { dSense: true });
  const task = bench.send([0xff]);
  assert.equal(task.sense![0], 0x72);
  assert.equal(task.condition, '5/2000');
});

test('faults of the medium reach the initiator as the conditions of SPC', async () => {
  const bench = await ScsiBench.open();
  const cases = [
    ['readError', '3/1100'],
    ['writeError', '3/0c00'],
    ['noSpace', '7/2707'],
    ['fenced', 'b/0000'],
    ['outOfRange', '5/2100'],
  ] as const;
  for (const [status, condition] of cases) {
    bench.volume.fault = { status };
    assert.equal(bench.send(READ, reading).condition, condition);
  }
  bench.volume.fault = { status: 'busy' };
  assert.equal(bench.send(READ, reading).status, Status.busy);
});

test('a command that the transport fails ends once, with that condition', async () => {
  const bench = await ScsiBench.open();
  const task = bench.send(WRITE, { data: new Uint8Array(512), immediate: false });
  const { owner } = task;
  owner?.fail('notEnoughUnsolicitedData');
  assert.equal(task.owner, undefined, 'what comes for it later is for nobody');
  assert.deepEqual(task.ends, [Status.checkCondition]);
  assert.equal(task.condition, 'b/0c0d');
});

test('close discards every command and waits for the medium', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const running = bench.send(READ, reading);
  const waiting = bench.send(WRITE, { data: new Uint8Array(512), immediate: false });
  let closed = false;
  const closing = bench.nexus.close().then(() => {
    closed = true;
  });
  await settle();
  assert.deepEqual(waiting.ends, ['discarded']);
  assert.deepEqual([running.ends, closed], [[], false]);
  bench.volume.releaseAll();
  await closing;
  assert.deepEqual(running.ends, ['discarded']);
  assert.equal(bench.send(READ, reading).status, 'discarded');
  assert.equal(bench.logicalUnit.nexuses.size, 0);
});

test('commands that have not begun end when their LUN leaves the map', async () => {
  const bench = await ScsiBench.open();
  const task = bench.send(WRITE, { data: new Uint8Array(512), immediate: false });
  bench.nexus.updateLuns(new Map());
  assert.equal(task.condition, '5/2500');
  assert.equal(bench.send(READ, reading).condition, '5/2500');
  assert.equal(bench.logicalUnit.nexuses.size, 0);
});

test('close, and a reset by others, wait for what a removed LUN left at the medium', async () => {
  for (const waiter of ['close', 'reset'] as const) {
    const bench = await ScsiBench.open();
    const other = bench.openNexus();
    bench.volume.shut = true;
    const data = new Uint8Array(512);
    const write = bench.send(WRITE, { data });
    bench.nexus.updateLuns(new Map());
    let over = false;
    const lun = new Uint8Array(8);
    const request = { function: 'logicalUnitReset', lun, referencedTag: 0 } as const;
    const wait = waiter === 'close' ? bench.nexus.close() : other.manage(request);
    void Promise.resolve(wait).then(() => {
      over = true;
    });
    await settle();
    assert.equal(over, false, `${waiter} waits for the medium`);
    bench.volume.releaseAll();
    await settle();
    assert.ok(over);
    assert.deepEqual(write.ends, ['discarded']);
    assert.equal(bench.logicalUnit.nexuses.has(bench.nexus as never), false);
  }
});

test('a reset waits for commands at the medium of a nexus that is being lost', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  bench.volume.shut = true;
  bench.send(WRITE, { data: new Uint8Array(512) });
  void bench.nexus.close();
  let over = false;
  const lun = new Uint8Array(8);
  const request = { function: 'logicalUnitReset', lun, referencedTag: 0 } as const;
  void Promise.resolve(other.manage(request)).then(() => {
    over = true;
  });
  await settle();
  assert.equal(over, false);
  bench.volume.releaseAll();
  await settle();
  assert.ok(over);
  assert.equal(bench.logicalUnit.nexuses.size, 1);
});
