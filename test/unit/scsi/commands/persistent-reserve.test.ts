// Proves PERSISTENT RESERVE OUT and IN at one logical unit: what lists are taken, with SPEC_I_PT,
// ALL_TG_PT and REGISTER AND MOVE; that each list which is damaged is refused whole, with the field
// that is wrong; and the bytes of what can be read, with lengths as if untruncated.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogicalUnit } from '../../../../src/scsi/logical-unit.ts';
import type { PortGroup } from '../../../../src/scsi/nexus.ts';
import type { Reservations } from '../../../../src/scsi/reservations/reservations.ts';
import type { SharedState } from '../../../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../../../src/units/local-unit-state.ts';
import { identityOf, nexusOf } from '../../../support/nexus-names.ts';
import {
  Action,
  moveList,
  type ReserveOutOptions,
  reserveOutCdb,
  reserveOutList,
} from '../../../support/reserve-out.ts';
import { hex, logicalUnit, run, unitState } from '../../../support/scsi-call.ts';

/** One port is down. */
const portGroups: readonly PortGroup[] = [
  { portGroup: 1, state: 'activeOptimized', relativePortIdentifiers: [1] },
  { portGroup: 2, state: 'unavailable', relativePortIdentifiers: [2] },
];

class World {
  readonly state: LocalUnitState;
  readonly unit: LogicalUnit;

  constructor() {
    const initial: SharedState = unitState();
    this.state = new LocalUnitState(initial);
    this.unit = logicalUnit({ state: this.state });
  }

  get reservations(): Reservations {
    return this.state.current.reservations;
  }

  get keys(): Record<string, string> {
    const names = ['a', 'b', 'c'].flatMap((host) =>
      [1, 2].map((port) => [nexusOf(host, port), `${host}${port}`] as const),
    );
    const known = new Map(names);
    return Object.fromEntries(
      [...this.reservations.registrations].map(([nexus, key]) => [
        known.get(nexus) ?? nexus,
        key.replace(/^0+/, ''),
      ]),
    );
  }

  async out(
    action: number,
    options: ReserveOutOptions,
    from: readonly [string, number] = ['a', 1],
  ) {
    return await this.send(action, options.type ?? 0, reserveOutList(options), from);
  }

  async send(
    action: number,
    type: number,
    list: Uint8Array,
    [host, port]: readonly [string, number] = ['a', 1],
    length = list.length,
  ): Promise<string> {
    const cdb = reserveOutCdb(action, type, length);
    const options = { unit: this.unit, identity: identityOf(host, port), portGroups };
    const { result } = await run(cdb, { ...options, dataOut: list });
    return wordOf(result);
  }

  async in(action: number, allocationLength = 0xffff): Promise<Uint8Array> {
    const cdb = [0x5e, action, 0, 0, 0, 0, 0, allocationLength >> 8, allocationLength & 0xff, 0];
    const { result, dataIn } = await run(cdb, { unit: this.unit });
    assert.equal(result.status, 0);
    return dataIn;
  }
}

/** `good`, `conflict`, or the code and where it points: `2600@20.3`. */
function wordOf({ status, sense }: Awaited<ReturnType<typeof run>>['result']): string {
  if (sense === undefined)
    return status === 0 ? 'good' : status === 0x18 ? 'conflict' : `${status}`;
  const { fieldPointer: at } = sense;
  const bit = at?.bit === undefined ? '' : `.${at.bit}`;
  const place = at === undefined ? '' : `@${at.inCdb ? 'cdb ' : ''}${at.byte}${bit}`;
  return `${sense.code.toString(16)}${place}`;
}

test('ALL_TG_PT registers the initiator through every port, and takes it off every port', async () => {
  const world = new World();
  await world.out(Action.register, { actionKey: 0xa, allTargetPorts: true, aptpl: true });
  assert.deepEqual(world.keys, { a1: 'a', a2: 'a' });
  assert.equal(world.reservations.aptpl, true);
  await world.out(Action.register, { key: 0xa, allTargetPorts: true }, ['a', 2]);
  assert.deepEqual(world.keys, {});
});

test('SPEC_I_PT registers other initiators too, with ALL_TG_PT through every port', async () => {
  const world = new World();
  const transportIds = ['b', 'c'].map((host) => identityOf(host, 1).initiatorPort.transportId);
  assert.equal(await world.out(Action.register, { actionKey: 0xa, transportIds }), 'good');
  assert.deepEqual(world.keys, { a1: 'a', b1: 'a', c1: 'a' });
  await world.out(Action.clear, { key: 0xa });
  const everywhere = { actionKey: 0xb, transportIds, allTargetPorts: true };
  assert.equal(await world.out(Action.registerAndIgnore, everywhere), 'good');
  assert.deepEqual(world.keys, { a1: 'b', a2: 'b', b1: 'b', b2: 'b', c1: 'b', c2: 'b' });
  // One that is registered may not name others.
  assert.equal(await world.out(Action.register, { ...everywhere, key: 0xb }), '2600@20.3');
});

test('REGISTER AND MOVE gives the reservation to a nexus of another port', async () => {
  const world = new World();
  await world.out(Action.register, { actionKey: 0xa });
  const { transportId } = identityOf('b', 2).initiatorPort;
  const list = moveList({
    key: 0xa,
    actionKey: 0xb,
    targetPort: 2,
    transportId,
    unregisters: true,
  });
  assert.equal(await world.send(Action.registerAndMove, 0, list), '2400@cdb 1.4');
  await world.out(Action.reserve, { key: 0xa, type: 3 });
  assert.equal(await world.send(Action.registerAndMove, 0, list), 'good');
  assert.deepEqual(world.keys, { b2: 'b' });
  assert.deepEqual(world.reservations.persistent, { type: 3, holder: nexusOf('b', 2) });
});

test('a damaged list of REGISTER AND MOVE is refused at its field', async () => {
  const world = new World();
  await world.out(Action.register, { actionKey: 0xa });
  await world.out(Action.reserve, { key: 0xa, type: 3 });
  const before = world.reservations;
  const { transportId } = identityOf('b', 2).initiatorPort;
  const good = moveList({ key: 0xa, actionKey: 0xb, targetPort: 2, transportId });
  const own = identityOf('a', 2).initiatorPort.transportId;
  const cases: readonly [Buffer, string][] = [
    [moveList({ key: 0xa, actionKey: 0, targetPort: 2, transportId }), '2600@8.7'],
    [moveList({ key: 0xa, actionKey: 0xb, targetPort: 3, transportId }), '2600@18.7'],
    [moveList({ key: 0xa, actionKey: 0xb, targetPort: 2, transportId: own }), '2600@24'],
    [moveList({ key: 0xc, actionKey: 0xb, targetPort: 2, transportId }), 'conflict'],
    [good.subarray(0, -4), '1a00'],
    [Buffer.concat([good, Buffer.alloc(4)]), '1a00'],
    [lengthened(good, 20, -good.length + 24, 24), '2600@20.7'],
    [lengthened(Buffer.concat([good, Buffer.alloc(4)]), 20, 4), '2600@20.7'],
    [lengthened(good.subarray(0, -4), 20, -4), '2600@20.7'],
    [flipped(good, 24, 0x40), '2600@24.7'],
    [flipped(good, 24, 0x01), '2600@24.3'],
  ];
  for (const [list, word] of cases) {
    assert.equal(await world.send(Action.registerAndMove, 0, list), word, list.toString('hex'));
    assert.equal(world.reservations, before);
  }
});

/** The list with another length in its field, and cut to so many bytes. */
function lengthened(list: Buffer, at: number, by: number, cut = list.length): Buffer {
  const copy = Buffer.from(list.subarray(0, cut));
  copy.writeUInt32BE(copy.readUInt32BE(at) + by, at);
  return copy;
}

function flipped(list: Buffer, at: number, bits: number): Buffer {
  const copy = Buffer.from(list);
  copy[at]! ^= bits;
  return copy;
}

test('a list of another length, or with a wrong length field, changes nothing', async () => {
  const world = new World();
  const before = world.reservations;
  const transportIds = [identityOf('b', 1).initiatorPort.transportId];
  const basic = reserveOutList({ actionKey: 0xa });
  const long = reserveOutList({ actionKey: 0xa, transportIds });
  for (let length = 0; length < 64; length++) {
    for (const action of Object.values(Action)) {
      const isTaken = length === 24;
      if (isTaken || action === Action.registerAndMove) continue;
      const list = Buffer.alloc(length);
      basic.copy(list);
      assert.equal(await world.send(action, 1, list), '1a00', `${action} of ${length}`);
    }
  }
  assert.equal(await world.send(Action.register, 0, Buffer.alloc(70_000)), '1a00');
  const cases: readonly [Buffer, string][] = [
    [flipped(basic, 20, 0x08), '1a00'],
    [long.subarray(0, 26), '1a00'],
    [long.subarray(0, -1), '1a00'],
    [Buffer.concat([long, Buffer.alloc(1)]), '1a00'],
    [lengthened(long.subarray(0, -4), 24, -4), '2600@24.7'],
    [
      lengthened(Buffer.concat([long, long.subarray(28)]), 24, long.length - 28),
      `2600@${long.length}`,
    ],
    [flipped(long, 28, 0x02), '2600@28.3'],
    [flipped(long, 31, 0x01), '2600@30.7'],
  ];
  for (const [list, word] of cases) {
    assert.equal(await world.send(Action.register, 0, list), word, list.toString('hex'));
  }
  // For any other action SPEC_I_PT is out of place.
  assert.equal(await world.out(Action.register, { actionKey: 0xa }), 'good');
  const named = flipped(reserveOutList({ key: 0xa }), 20, 0x08);
  assert.equal(await world.send(Action.reserve, 1, named), '2600@20.3');
  assert.equal(before.registrations.size, 0);
  assert.equal(world.reservations.generation, 1);
});

test('SCOPE and TYPE are checked in the actions that use them', async () => {
  const world = new World();
  await world.out(Action.register, { actionKey: 0xa });
  assert.equal(await world.out(Action.reserve, { key: 0xa, type: 2 }), '2400@cdb 2.3');
  assert.equal(await world.out(Action.reserve, { key: 0xa, type: 0x11 }), '2400@cdb 2.7');
  await world.out(Action.reserve, { key: 0xa, type: 1 });
  assert.equal(await world.out(Action.release, { key: 0xa, type: 3 }), '2604');
  assert.equal(
    await world.out(Action.preempt, { key: 0xa, actionKey: 0xa, type: 4 }),
    '2400@cdb 2.3',
  );
  assert.equal(await world.out(Action.preempt, { key: 0xa, type: 1 }), '2600@8.7');
});

test('one registration too many is refused, and nothing is registered', async () => {
  const world = new World();
  await world.state.commit((state) => {
    const registrations = new Map<string, string>();
    for (let i = 0; i < 4095; i++) registrations.set(nexusOf('a', i + 3), '00000000000000aa');
    const reservations = { ...state.reservations, registrations };
    return { next: { ...state, reservations }, event: { aborts: 'nothing', attentions: [] } };
  });
  const both = { actionKey: 0xa, allTargetPorts: true };
  assert.equal(await world.out(Action.register, both, ['b', 1]), '5504');
  assert.equal(world.reservations.registrations.size, 4095);
  assert.equal(await world.out(Action.register, { actionKey: 0xa }, ['b', 1]), 'good');
  assert.equal(await world.out(Action.register, { actionKey: 0xa }, ['b', 2]), '5504');
  const { transportId } = identityOf('c', 2).initiatorPort;
  await world.out(Action.reserve, { key: 0xa, type: 3 }, ['b', 1]);
  const move = moveList({ key: 0xa, actionKey: 0xb, targetPort: 2, transportId });
  assert.equal(await world.send(Action.registerAndMove, 0, move, ['b', 1]), '5504');
  const away = moveList({
    key: 0xa,
    actionKey: 0xb,
    targetPort: 2,
    transportId,
    unregisters: true,
  });
  assert.equal(await world.send(Action.registerAndMove, 0, away, ['b', 1]), 'good');
});

test('registrations and reservations are reported, with untruncated lengths', async () => {
  const world = new World();
  assert.equal(hex(await world.in(1)), '00 00 00 00 00 00 00 00');
  await world.out(Action.register, { actionKey: 0x1122 });
  await world.out(Action.register, { actionKey: 0x3344 }, ['b', 2]);
  await world.out(Action.reserve, { key: 0x3344, type: 5 }, ['b', 2]);
  const keys = ['00 00 00 02 00 00 00 10 00 00 00 00 00 00 11 22', '00 00 00 00 00 00 33 44'];
  assert.equal(hex(await world.in(0)), keys.join('\n'));
  assert.equal(hex(await world.in(0, 12)), keys[0]?.slice(0, 12 * 3 - 1));
  assert.equal(
    hex(await world.in(1)),
    ['00 00 00 02 00 00 00 10 00 00 00 00 00 00 33 44', '00 00 00 00 00 05 00 00'].join('\n'),
  );
  assert.equal((await world.in(1, 0)).length, 0);
  const full = Buffer.from(await world.in(3));
  const { transportId } = identityOf('a', 1).initiatorPort;
  const length = 24 + transportId.length;
  assert.equal(full.readUInt32BE(4), 2 * length);
  assert.equal(
    hex(full.subarray(8, 8 + 24)),
    [
      '00 00 00 00 00 00 11 22 00 00 00 00 00 00 00 00',
      `00 00 00 01 00 00 00 ${hex([transportId.length] as never)}`,
    ].join('\n'),
  );
  assert.deepEqual(full.subarray(8 + 24, 8 + length), Buffer.from(transportId));
  // The second one holds the reservation, through port 2.
  const second = full.subarray(8 + length);
  assert.deepEqual([second[12], second[13], second.readUInt16BE(18)], [1, 5, 2]);
});

test('a reservation of all registrants has no key, and every one of them holds it', async () => {
  const world = new World();
  await world.out(Action.register, { actionKey: 0xa, allTargetPorts: true });
  await world.out(Action.reserve, { key: 0xa, type: 8 });
  assert.equal(
    hex(await world.in(1)),
    ['00 00 00 01 00 00 00 10 00 00 00 00 00 00 00 00', '00 00 00 00 00 08 00 00'].join('\n'),
  );
  const full = await world.in(3);
  const length = (full.length - 8) / 2;
  assert.deepEqual([full[8 + 12], full[8 + 13], full[8 + length + 12]], [1, 8, 1]);
});

test('REPORT CAPABILITIES reports what is supported', async () => {
  const world = new World();
  // CRH, SIP_C, ATP_C, PTPL_C; TMV without PTPL_A; all six types.
  assert.equal(hex(await world.in(2)), '00 08 1d 80 ea 01 00 00');
  await world.out(Action.register, { actionKey: 0xa, aptpl: true });
  assert.equal(hex(await world.in(2)), '00 08 1d 81 ea 01 00 00');
});
