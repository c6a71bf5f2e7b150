// Proves which commands that wait for room in the data budget go on, and when: those for which room
// comes free, those that fit into what their session has of its own, and exceptions in their turn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataAccount } from '../../../src/iscsi/data-account.ts';
import {
  EXCEPTION_MAX_MS,
  EXCEPTIONS_MAX,
  FIRST_BURST_BYTES_MAX,
  GATEWAY_DATA_BYTES_MAX,
  PEER_EXCEPTIONS_MAX,
  SESSION_OWN_DATA_BYTES,
} from '../../../src/iscsi/limits.ts';
import {
  BudgetCommand,
  type BudgetWorld,
  budgetWorld,
  crowd,
  LONGEST_BYTES,
} from '../../support/budget-world.ts';

const MIB = 2 ** 20;

test('what is too long for the share of its session goes as the exception, one at a time', async () => {
  const { open, endTurn } = budgetWorld();
  const hog = open(0, 'one');
  // Counted although no command asked for it, like slabs of answers.
  hog.hold(GATEWAY_DATA_BYTES_MAX);
  const accounts = [open(0, 'one'), open(0, 'one')];
  const [first, second] = accounts.map((each) => new BudgetCommand(each, LONGEST_BYTES));
  await endTurn();
  assert.deepEqual([first!.isGranted, second!.isGranted], [true, false]);
  first!.end();
  await endTurn();
  assert.equal(second!.isGranted, true);
});

test('exceptions are bounded: one of an initiator, and a turn that no peer takes from others', async () => {
  const inOrder = [
    ['one', 'a'],
    ['one', 'a'],
    ['one', 'b'],
    ['one', 'c'],
    ['one', 'd'],
    ['two', 'a'],
    ['three', 'a'],
  ] as const;
  const { granted } = await crowd(budgetWorld(), inOrder);
  assert.equal(granted(), '1011010');
});

test('peers have exceptions in turn, however many sessions of one wait', async () => {
  const all = budgetWorld();
  const initiators = Array.from({ length: 20 }, (_, i) => ['one', `${i}`] as const);
  const { commands, granted } = await crowd(all, [...initiators, ['two', ''], ['three', '']]);
  const ofOne = (count: number) => '1'.repeat(count) + '0'.repeat(20 - count);
  assert.equal(granted(), `${ofOne(PEER_EXCEPTIONS_MAX)}10`);
  commands[0]!.end();
  await all.endTurn();
  // The third peer came after the first had waited.
  assert.equal(granted(), `${ofOne(PEER_EXCEPTIONS_MAX + 1)}10`);
  commands[1]!.end();
  await all.endTurn();
  assert.equal(granted(), `${ofOne(PEER_EXCEPTIONS_MAX + 1)}11`);
});

test('initiators of a peer have exceptions in turn, and a new name waits behind', async () => {
  const all = budgetWorld();
  const names = ['a', 'b', 'c', 'a', 'a', 'd'].map((each) => ['one', each] as const);
  const { commands, granted } = await crowd(all, names);
  assert.equal(granted(), '111000');
  commands[0]!.end();
  await all.endTurn();
  assert.equal(granted(), '111100');
  const invented = new BudgetCommand(all.open(0, 'one', 'invented'), LONGEST_BYTES);
  commands[1]!.end();
  await all.endTurn();
  assert.deepEqual([granted(), invented.isGranted], ['111101', false]);
});

test('of initiators that wait those go first that have not had an exception for longest', async () => {
  const all = budgetWorld();
  const early = all.open(0, 'one', 'd');
  const names = ['a', 'b', 'c', 'a', 'a', 'b'].map((each) => ['one', each] as const);
  const { commands, granted } = await crowd(all, names);
  commands[0]!.end();
  await all.endTurn();
  const last = new BudgetCommand(early, LONGEST_BYTES);
  await all.endTurn();
  assert.deepEqual([granted(), last.isGranted], ['111100', false]);
  commands[3]!.end();
  commands[1]!.end();
  await all.endTurn();
  assert.deepEqual([granted(), last.isGranted], ['111101', true]);
});

test('what fits into what a session has of its own does not wait behind a longer claim', async () => {
  const all = budgetWorld();
  // The turn is taken by another session of the initiator.
  await crowd(all, [['one', 'a']]);
  const account = all.open(0, 'one', 'a');
  const long = new BudgetCommand(account, LONGEST_BYTES);
  const first = new BudgetCommand(account, MIB / 4);
  assert.deepEqual([long.isGranted, first.isGranted], [false, true]);
  // The third would fit at once, but is not to pass the second again and again.
  const second = new BudgetCommand(account, SESSION_OWN_DATA_BYTES - 4096);
  const third = new BudgetCommand(account, 4096);
  await all.endTurn();
  assert.deepEqual([second.isGranted, third.isGranted], [false, false]);
  first.end();
  await all.endTurn();
  assert.deepEqual(
    [long, second, third].map(({ isGranted }) => isGranted),
    [false, true, true],
  );
  second.end();
  third.end();
});

test('short claims without end do not keep a long one from its turn', async () => {
  const all = budgetWorld();
  const { commands } = await crowd(all, [['one', 'a']]);
  const account = all.open(0, 'one', 'a');
  const short = Array.from({ length: 4 }, () => new BudgetCommand(account, MIB / 8));
  const long = new BudgetCommand(account, LONGEST_BYTES);
  for (let round = 0; round < 100; round++) {
    short.push(new BudgetCommand(account, MIB / 8));
    if (round === 50) commands[0]!.end();
    await all.endTurn();
    short.shift()!.end();
  }
  await all.endTurn();
  assert.ok(long.isGranted);
});

test('one that stays an exception for long ends when others wait for its turn, and not before', async () => {
  const all = budgetWorld();
  const names = ['a', 'b', 'c'].map((each) => ['one', each] as const);
  const { commands } = await crowd(all, names);
  const { account } = commands[0]!;
  await all.advance(EXCEPTION_MAX_MS + 1);
  assert.equal(account.isOverdue, false);
  const own = new BudgetCommand(all.open(0, 'one', 'a'), LONGEST_BYTES);
  assert.deepEqual([own.isGranted, account.isOverdue], [false, false]);
  const other = new BudgetCommand(all.open(0, 'one', 'd'), LONGEST_BYTES);
  await all.endTurn();
  assert.equal(other.isGranted, false);
  const overstay = commands.slice(0, 3).map((each) => each.account.isOverdue);
  assert.deepEqual(overstay, [true, false, false], 'the oldest alone');
});

test('an exception is over when its command ends, though nobody waits then', async () => {
  const all = budgetWorld();
  const names = ['a', 'b', 'c'].map((each) => ['one', each] as const);
  const { hog, commands } = await crowd(all, names);
  for (const each of commands) each.end();
  await all.advance(EXCEPTION_MAX_MS + 1);
  hog.release(GATEWAY_DATA_BYTES_MAX);
  const later = commands.map(({ account }) => new BudgetCommand(account, 8 * MIB));
  assert.ok(later.every(({ isGranted }) => isGranted));
  // The share of each session shrinks below what it took a moment ago.
  hog.hold(GATEWAY_DATA_BYTES_MAX);
  const waiting = new BudgetCommand(all.open(0, 'one', 'd'), LONGEST_BYTES);
  await all.endTurn();
  const overstay = later.map(({ account }) => account.isOverdue);
  assert.deepEqual([waiting.isGranted, ...overstay], [true, false, false, false]);
});

test('a peer that waits has its turn, however many new ones come', async () => {
  const all = budgetWorld();
  const { commands } = await crowd(all, [['honest', '']]);
  commands[0]!.end();
  const crowding: BudgetCommand[] = [];
  const come = async () => {
    const account = all.open(0, `peer ${crowding.length}`);
    crowding.push(new BudgetCommand(account, LONGEST_BYTES));
    await all.endTurn();
  };
  for (let i = 0; i < EXCEPTIONS_MAX + 3; i++) await come();
  const honest = new BudgetCommand(commands[0]!.account, LONGEST_BYTES);
  for (let i = 0; i < 10; i++) {
    await come();
    const over = crowding[i]!;
    over.end();
    over.account.close();
    await all.endTurn();
  }
  assert.ok(honest.isGranted);
});

/** What gives room back, each alone: sets the stage, and returns what does it. */
const FREEING: Readonly<Record<string, (all: BudgetWorld, hog: DataAccount) => () => void>> = {
  'what another session held is released': (_, hog) => {
    hog.hold(GATEWAY_DATA_BYTES_MAX);
    return () => hog.release(hog.heldBytes);
  },
  'other sessions are over that invited': (all, hog) => {
    const inviting = invitesAll(all, hog);
    return () => inviting.map((each) => each.close());
  },
  'what other sessions invited is retracted': (all, hog) => {
    const inviting = invitesAll(all, hog);
    return () => {
      for (const each of inviting) while (each.invitedCommands > 0) each.retract();
    };
  },
};

/** Sessions whose windows take what they can, and `hog` all the rest. */
function invitesAll({ budget, open }: BudgetWorld, hog: DataAccount): readonly DataAccount[] {
  const inviting = Array.from({ length: 50 }, () => open(FIRST_BURST_BYTES_MAX, 'hog', 'inviting'));
  for (const each of inviting) while (each.invite());
  hog.hold(GATEWAY_DATA_BYTES_MAX - budget.invitedBytes);
  return inviting;
}

for (const [event, begin] of Object.entries(FREEING)) {
  test(`a claim goes on when ${event}`, async () => {
    const all = budgetWorld();
    const hog = all.open(0, 'hog', 'hog');
    const free = begin(all, hog);
    // Its initiator has its turn already.
    const first = new BudgetCommand(all.open(0, 'one'), LONGEST_BYTES);
    await all.endTurn();
    assert.ok(first.isGranted);
    const second = new BudgetCommand(all.open(0, 'one'), 6 * MIB);
    await all.endTurn();
    assert.equal(second.isGranted, false);
    free();
    await all.endTurn();
    assert.ok(second.isGranted);
  });
}

test('a claim goes on when the longer one before it is withdrawn', async () => {
  const { open, endTurn } = budgetWorld();
  const hog = open(0, 'hog', 'hog');
  hog.hold(GATEWAY_DATA_BYTES_MAX - 64 * MIB);
  const first = new BudgetCommand(open(0, 'one'), LONGEST_BYTES);
  await endTurn();
  assert.ok(first.isGranted, 'as the exception of its initiator');
  const account = open(0, 'one');
  const long = new BudgetCommand(account, LONGEST_BYTES);
  const short = new BudgetCommand(account, 2 * MIB);
  await endTurn();
  assert.deepEqual([long.isGranted, short.isGranted], [false, false]);
  long.end();
  await endTurn();
  assert.ok(short.isGranted);
});

test('a command has its turn when the one before it has ended, though what it held is back', async () => {
  const { open, endTurn } = budgetWorld();
  const account = open(0, 'one');
  const first = new BudgetCommand(account, MIB);
  account.hold(2 * LONGEST_BYTES);
  account.release(MIB);
  const second = new BudgetCommand(account, MIB);
  await endTurn();
  assert.equal(second.isGranted, false);
  account.settle();
  await endTurn();
  assert.ok(second.isGranted);
  assert.ok(first.isGranted);
});

test('a command has its turn when the answers before it have been taken', async () => {
  const { open, endTurn } = budgetWorld();
  const account = open(0, 'one');
  let isSending = true;
  account.isSending = () => isSending;
  account.hold(2 * LONGEST_BYTES);
  const read = new BudgetCommand(account, MIB);
  await endTurn();
  assert.equal(read.isGranted, false);
  isSending = false;
  account.sent();
  await endTurn();
  assert.ok(read.isGranted);
});

test('what fits its share again is not the exception, though it holds more than its own', async () => {
  const { open, endTurn } = budgetWorld();
  const hog = open(0, 'hog');
  hog.hold(GATEWAY_DATA_BYTES_MAX);
  const first = new BudgetCommand(open(0, 'one'), LONGEST_BYTES);
  await endTurn();
  assert.equal(first.isGranted, true);
  first.account.hold(MIB);
  hog.release(GATEWAY_DATA_BYTES_MAX);
  first.end();
  hog.hold(GATEWAY_DATA_BYTES_MAX - 8 * MIB);
  const second = new BudgetCommand(open(0, 'another'), LONGEST_BYTES);
  await endTurn();
  assert.ok(first.account.heldBytes > SESSION_OWN_DATA_BYTES);
  assert.equal(second.isGranted, true);
});

test('commands that wait go on though slabs that they keep take the share of their session', async () => {
  const { open, endTurn } = budgetWorld();
  const account = open(0, 'peer');
  const first = new BudgetCommand(account, LONGEST_BYTES);
  const others = [new BudgetCommand(account, MIB), new BudgetCommand(account, MIB)];
  account.hold(2 * LONGEST_BYTES);
  first.end();
  for (const each of others) {
    await endTurn();
    assert.ok(each.isGranted);
    each.end();
  }
});
