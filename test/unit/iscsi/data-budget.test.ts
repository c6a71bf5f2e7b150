// Proves the budget of data over all sessions: what each has of its own, what is left for a new
// one however many take what they can, that waiting commands are served in turn and each of them in
// the end, and that nothing is counted once sessions are over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Slab } from '../../../src/base/slab-pool.ts';
import type { DataAccount } from '../../../src/iscsi/data-account.ts';
import type { DataBudget } from '../../../src/iscsi/data-budget.ts';
import { firstBurstLength } from '../../../src/iscsi/first-burst.ts';
import {
  COMMAND_BYTES,
  EXCEPTIONS_MAX,
  FIRST_BURST_BYTES_MAX,
  FIRST_BURST_BYTES_MIN,
  GATEWAY_DATA_BYTES_MAX,
  GATEWAY_INVITED_BYTES_MAX,
  OWN_COMMANDS_MAX,
  OWN_COMMANDS_MIN,
  SESSION_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES,
  SESSION_OWN_INVITED_BYTES,
} from '../../../src/iscsi/limits.ts';
import {
  BUDGET_SLAB_BYTES,
  BudgetCommand,
  budgetWorld,
  LONGEST_BYTES,
} from '../../support/budget-world.ts';

const MIB = 2 ** 20;

test('each session has something of its own, whatever the others hold', () => {
  const { budget, open } = budgetWorld();
  const others = Array.from({ length: 2000 }, () => open(FIRST_BURST_BYTES_MAX, 'one'));
  for (const each of others) {
    while (each.roomBytes >= MIB) each.hold(MIB);
    while (each.invite());
  }
  const account = open(FIRST_BURST_BYTES_MAX, 'one');
  assert.ok(new BudgetCommand(account, SESSION_OWN_DATA_BYTES).isGranted);
  assert.deepEqual([account.invite(), account.invite()], [true, true]);
  assert.ok(budget.heldBytes + budget.invitedBytes <= GATEWAY_DATA_BYTES_MAX);
  assert.ok(budget.invitedBytes <= GATEWAY_INVITED_BYTES_MAX);
});

test('sixteen sessions that take what they can leave room for others to work at depth', () => {
  const { open } = budgetWorld();
  for (let i = 0; i < 16; i++) {
    const account = open(FIRST_BURST_BYTES_MAX, 'one');
    while (account.roomBytes >= MIB) account.hold(MIB);
  }
  for (let i = 0; i < 8; i++) {
    const account = open(FIRST_BURST_BYTES_MAX, 'one');
    assert.ok(account.roomBytes >= MIB, `${account.roomBytes} bytes`);
    account.hold(MIB);
  }
});

test('one session alone may hold the longest transfer, and no more than its bound', () => {
  const { open } = budgetWorld();
  const account = open(0, 'one');
  assert.ok(new BudgetCommand(account, LONGEST_BYTES).isGranted);
  while (account.roomBytes >= BUDGET_SLAB_BYTES) account.hold(BUDGET_SLAB_BYTES);
  assert.ok(account.heldBytes <= SESSION_OWN_DATA_BYTES + SESSION_DATA_BYTES_MAX);
});

test('a session has the more commands of its own the less they bring unsolicited', () => {
  const { open } = budgetWorld();
  for (const bytes of [0, FIRST_BURST_BYTES_MIN, 65_536, FIRST_BURST_BYTES_MAX]) {
    const { ownCommands } = open(bytes, 'one');
    assert.ok(ownCommands >= OWN_COMMANDS_MIN && ownCommands <= OWN_COMMANDS_MAX);
    assert.ok(ownCommands * (bytes + COMMAND_BYTES) <= SESSION_OWN_INVITED_BYTES);
  }
});

test('the first burst that is offered falls with the sessions and the depth of windows', () => {
  assert.equal(firstBurstLength(0, 256), 262_144);
  assert.equal(firstBurstLength(7, 256), 262_144);
  assert.equal(firstBurstLength(8, 256), 131_072);
  assert.equal(firstBurstLength(0, 1024), 65_536);
  assert.equal(firstBurstLength(100_000, 1024), FIRST_BURST_BYTES_MIN);
});

test('claims of one session are granted in order, those of several in turn', async () => {
  const { open, endTurn } = budgetWorld();
  const [first, second] = [open(0, 'one'), open(0, 'one')];
  const blockers = [first, second].map((each) => new BudgetCommand(each, LONGEST_BYTES));
  const order: string[] = [];
  const ask = (name: string, account: DataAccount, bytes: number): BudgetCommand => {
    const command = new BudgetCommand(account, bytes);
    command.granted = () => {
      command.isGranted = true;
      order.push(name);
    };
    return command;
  };
  ask('a1', first, 8 * MIB);
  ask('a2', first, 4096);
  const withdrawn = ask('a3', first, 4096);
  ask('b1', second, 8 * MIB);
  ask('b2', second, 4096);
  withdrawn.end();
  await endTurn();
  assert.deepEqual(order, []);
  for (const each of blockers) each.end();
  await endTurn();
  assert.deepEqual(order, ['a1', 'b1', 'a2', 'b2']);
});

test('however many sessions of one peer take what they can, another peer works at depth', () => {
  const { open } = budgetWorld();
  for (let i = 0; i < 500; i++) {
    const account = open(FIRST_BURST_BYTES_MAX, 'one');
    while (account.roomBytes >= BUDGET_SLAB_BYTES) account.hold(BUDGET_SLAB_BYTES);
    while (account.invite());
  }
  const others = Array.from({ length: 4 }, () => open(FIRST_BURST_BYTES_MAX, 'another'));
  for (const each of others) assert.ok(new BudgetCommand(each, 4 * MIB).isGranted);
  while (others[0]!.invite());
  assert.ok(others[0]!.invitedCommands >= 4 * OWN_COMMANDS_MIN, `${others[0]!.invitedCommands}`);
  const same = open(FIRST_BURST_BYTES_MAX, 'one');
  assert.equal(new BudgetCommand(same, MIB).isGranted, false);
});

test('an initiator that holds all it can leaves the others of its peer room to work', async () => {
  const { open, endTurn } = budgetWorld();
  for (let i = 0; i < 200; i++) {
    const account = open(FIRST_BURST_BYTES_MAX, 'one', 'stalled');
    new BudgetCommand(account, LONGEST_BYTES);
    while (account.roomBytes >= BUDGET_SLAB_BYTES) account.hold(BUDGET_SLAB_BYTES);
    while (account.invite());
  }
  await endTurn();
  const others = Array.from({ length: 4 }, () => open(FIRST_BURST_BYTES_MAX, 'one', 'other'));
  for (const each of others) assert.ok(new BudgetCommand(each, 2 * MIB).isGranted);
  for (let i = 0; i < 4 * OWN_COMMANDS_MIN; i++) assert.ok(others[0]!.invite());
  const longest = new BudgetCommand(open(0, 'one', 'third'), LONGEST_BYTES);
  await endTurn();
  assert.ok(longest.isGranted, 'as an exception');
});

test('a window does not grow while commands of its session wait, and shrinks when most do', () => {
  const { open } = budgetWorld();
  const account = open(0, 'peer');
  const { ownCommands } = account;
  for (let i = 0; i < ownCommands + 10; i++) assert.ok(account.invite());
  const waiting = [new BudgetCommand(account, LONGEST_BYTES)];
  while (waiting.length <= (ownCommands + 10) / 2) {
    assert.equal(account.mustRetract, false);
    waiting.push(new BudgetCommand(account, LONGEST_BYTES));
    assert.equal(account.invite(), false);
  }
  waiting.push(new BudgetCommand(account, LONGEST_BYTES));
  assert.ok(account.mustRetract);
});

test('what is given back as less than nothing is counted like what is taken', () => {
  const { budget, open } = budgetWorld();
  const account = open(0, 'one');
  account.release(MIB);
  account.hold(MIB + SESSION_OWN_DATA_BYTES);
  assert.equal(budget.heldBytes, 0);
  account.release(-MIB);
  assert.equal(budget.heldBytes, MIB);
  account.release(2 * MIB);
  account.release(-MIB);
  assert.equal(budget.heldBytes, 0);
  account.release(SESSION_OWN_DATA_BYTES);
  account.close();
  assert.deepEqual([budget.heldBytes, account.heldBytes, budget.peers], [0, 0, 0]);
});

test('at the end of a session its claims and invitations are over, its slabs count until back', async () => {
  const { budget, open, endTurn } = budgetWorld();
  const account = open(FIRST_BURST_BYTES_MAX, 'one');
  while (account.invite());
  const slabs: Slab[] = [];
  while (account.heldBytes < 2 * SESSION_OWN_DATA_BYTES) slabs.push(account.take());
  const waiting = new BudgetCommand(account, 100 * MIB);
  account.close();
  await endTurn();
  assert.equal(waiting.isGranted, false);
  assert.deepEqual([budget.sessions, budget.invitedBytes], [0, 0]);
  assert.ok(budget.heldBytes > 0);
  assert.equal(account.invite(), false);
  account.retract();
  for (const slab of slabs) slab.release();
  assert.deepEqual([budget.heldBytes, budget.invitedBytes, account.heldBytes], [0, 0, 0]);
  assert.equal(budget.peers, 0);
});

test('whatever sessions do the bounds hold, every claim is granted in the end, and all comes back', async () => {
  const action = fc.record({
    session: fc.nat(11),
    kind: fc.constantFrom('claim', 'claim', 'end', 'slab', 'return', 'invite', 'retract', 'close'),
    bytes: fc.oneof(
      fc.integer({ min: 1, max: 65_536 }),
      fc.integer({ min: 1, max: LONGEST_BYTES }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 400 }), async (actions) => {
      const { budget, endTurn } = budgetWorld();
      const sessions = Array.from({ length: 12 }, (_, i) => newSession(budget, `peer ${i % 3}`, i));
      for (const { session, kind, bytes } of actions) {
        const at = sessions[session]!;
        await act(at, kind, bytes, budget);
        if (bytes % 3 === 0) await endTurn();
        assert.ok(
          budget.heldBytes + budget.invitedBytes <=
            GATEWAY_DATA_BYTES_MAX + EXCEPTIONS_MAX * LONGEST_BYTES,
        );
        assert.ok(budget.invitedBytes <= GATEWAY_INVITED_BYTES_MAX);
      }
      for (const { commands } of sessions) {
        while (commands.length > 0) {
          await endTurn();
          const next = commands.findIndex((each) => each.isGranted);
          // The others of this session may wait for what other sessions hold.
          if (next < 0) break;
          commands.splice(next, 1)[0]!.end();
        }
      }
      for (const { commands } of sessions) {
        while (commands.length > 0) {
          await endTurn();
          assert.ok(commands[0]!.isGranted, 'the oldest is granted once nothing else is under way');
          commands.shift()!.end();
        }
      }
      for (const { account, slabs } of sessions) {
        account.close();
        for (const slab of slabs) slab.release();
        assert.equal(account.heldBytes, 0);
      }
      assert.deepEqual([budget.heldBytes, budget.invitedBytes, budget.sessions], [0, 0, 0]);
      assert.equal(budget.peers, 0);
    }),
    { numRuns: 200 },
  );
});

interface TestSession {
  account: DataAccount;
  commands: BudgetCommand[];
  slabs: Slab[];
  invited: number;
}

function newSession(budget: DataBudget, peer: string, index: number): TestSession {
  return {
    account: budget.open(65_536, peer, `initiator ${index % 2}`),
    commands: [],
    slabs: [],
    invited: 0,
  };
}

async function act(
  at: TestSession,
  kind: string,
  bytes: number,
  budget: DataBudget,
): Promise<void> {
  switch (kind) {
    case 'claim':
      if (at.commands.length < 100) at.commands.push(new BudgetCommand(at.account, bytes));
      break;
    case 'end':
      at.commands.splice(bytes % Math.max(1, at.commands.length), 1)[0]?.end();
      break;
    case 'slab':
      if (at.account.roomBytes >= BUDGET_SLAB_BYTES) at.slabs.push(at.account.take());
      break;
    case 'return':
      at.slabs.pop()?.release();
      break;
    case 'invite':
      if (at.account.invite()) at.invited++;
      break;
    case 'retract':
      if (at.invited > 0) {
        at.invited--;
        at.account.retract();
      }
      break;
    default:
      at.account.close();
      for (const command of at.commands) command.end();
      for (const slab of at.slabs) slab.release();
      assert.equal(at.account.heldBytes, 0);
      Object.assign(at, newSession(budget, at.account.share.peer.name, bytes));
  }
}
