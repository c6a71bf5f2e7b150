// Proves what one session may hold, claim and invite, on an account whose budget only records what
// it is told: what the others see of it, the order of its claims, and that its end keeps nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlabPool } from '../../../src/base/slab-pool.ts';
import { type Claim, DataAccount } from '../../../src/iscsi/data-account.ts';
import { GatewayShare } from '../../../src/iscsi/data-shares.ts';
import {
  COMMAND_BYTES,
  GATEWAY_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES as OWN,
  OWN_COMMANDS_MAX,
  SESSION_DATA_BYTES_MAX,
  SLAB_SLACK_BYTES_MAX,
} from '../../../src/iscsi/limits.ts';

const SLAB = 4096;
const COMMAND = 65_536;

function begin(commandBytes = COMMAND) {
  const events: string[] = [];
  const share = new GatewayShare().open('peer', 'initiator', 0);
  const queue = {
    wait: () => events.push('wait'),
    freed: () => events.push('freed'),
    isOverdue: () => false,
    close: () => events.push('close'),
  };
  const account = new DataAccount(queue, new SlabPool(SLAB, 4), commandBytes, share);
  const granted: string[] = [];
  const claim = (name: string, bytes: number): Claim & { isGranted: boolean } => {
    const made = { claimedBytes: 0, granted: () => granted.push(name), isGranted: false };
    made.isGranted = account.claim(made, bytes);
    return made;
  };
  const told = () => events.splice(0);
  /** Others take all there is. */
  const crowd = () =>
    share.peer.gateway.open('other', 'other', 0).countHeld(GATEWAY_DATA_BYTES_MAX);
  return { account, share, claim, granted, told, crowd };
}

test('others see only what it holds beyond its own, and hear of all that it gives back', () => {
  const { account, share, told } = begin();
  account.hold(OWN);
  assert.equal(share.heldBytes, 0);
  account.hold(1000);
  assert.deepEqual([share.heldBytes, account.heldBytes], [1000, OWN + 1000]);
  account.release(1500);
  assert.deepEqual([share.heldBytes, account.heldBytes, told()], [0, OWN - 500, ['freed']]);
  account.hold(700);
  assert.equal(share.heldBytes, 200, 'the rest of its own comes first');
});

test('a slab counts from when it is taken until its last holder releases it', () => {
  const { account, told } = begin();
  const slab = account.take();
  slab.hold();
  slab.release();
  assert.deepEqual([account.heldBytes, told()], [SLAB, []]);
  slab.release();
  assert.deepEqual([account.heldBytes, told()], [0, ['freed']]);
});

test('a claim waits behind others, but one that fits its own room does not wait for longer ones', () => {
  const { account, claim, granted, told, crowd } = begin();
  crowd();
  const long = claim('long', OWN + 1);
  assert.deepEqual([long.isGranted, told()], [false, ['wait']]);
  assert.ok(claim('short', OWN / 2).isGranted, 'no longer one may use that room');
  assert.equal(claim('second', OWN).isGranted, false, 'its own room is used');
  const third = claim('third', 1);
  assert.equal(third.isGranted, false, 'a short one waits before it');
  assert.deepEqual(told(), [], 'the budget knows that this account waits');
  assert.equal(account.grantNext(false), false);
  account.release(OWN / 2);
  assert.equal(account.grantNext(false), true);
  assert.deepEqual([granted, account.heldBytes], [['second'], OWN]);
  assert.equal(account.grantNext(true), true, 'an exception is the oldest, whether it fits or not');
  assert.deepEqual(
    [granted, account.heldBytes, account.hasClaims],
    [['second', 'long'], 2 * OWN + 1, true],
  );
  account.withdraw(third);
  assert.deepEqual([account.hasClaims, third.claimedBytes], [false, 0]);
  assert.ok(account.grantNext(false), 'without claims there is nothing to wait for');
});

test('a claim that is withdrawn is told to the budget once', () => {
  const { account, claim, told, crowd } = begin();
  crowd();
  const long = claim('long', OWN + 1);
  told();
  account.withdraw(long);
  account.withdraw(long);
  assert.deepEqual(told(), ['freed']);
});

test('claims leave a part of the share to slabs', () => {
  const { account, claim } = begin();
  assert.equal(account.roomBytes, OWN + SESSION_DATA_BYTES_MAX);
  assert.equal(
    claim('all', OWN + SESSION_DATA_BYTES_MAX - SLAB_SLACK_BYTES_MAX + 1).isGranted,
    false,
  );
  assert.ok(account.hasRoomFor(OWN + SESSION_DATA_BYTES_MAX));
  const other = begin();
  assert.ok(other.claim('all', OWN + SESSION_DATA_BYTES_MAX - SLAB_SLACK_BYTES_MAX).isGranted);
});

test('it is idle when no command has room beyond its own, and its initiator takes its answers', () => {
  const { account, claim, told } = begin();
  account.hold(2 * OWN);
  assert.ok(account.isIdle, 'what is held without a command under way is kept by those that wait');
  claim('one', 1);
  assert.equal(account.isIdle, false);
  told();
  account.settle();
  assert.deepEqual([account.isIdle, told()], [true, ['freed']]);
  account.isSending = () => true;
  assert.equal(account.isIdle, false);
});

test('it is excessive while something is under way, and it holds more than it may', () => {
  const { account, claim, crowd } = begin();
  claim('one', OWN + 4096);
  assert.equal(account.isExcessive, false);
  crowd();
  assert.ok(account.isExcessive);
  account.release(4096);
  assert.equal(account.isExcessive, false, 'its own is always its own');
  account.hold(4096);
  account.settle();
  assert.equal(account.isExcessive, false, 'nothing is under way');
});

test('the budget hears that answers have left only where a claim waits', () => {
  const { account, claim, told, crowd } = begin();
  account.sent();
  assert.deepEqual(told(), []);
  crowd();
  claim('long', OWN + 1);
  told();
  account.sent();
  assert.deepEqual(told(), ['freed']);
});

test('it always invites its own commands, and more only as far as there is room', () => {
  const { account, share, told, crowd } = begin();
  for (let i = 0; i < account.ownCommands; i++) assert.ok(account.invite());
  assert.equal(share.invitedBytes, 0);
  assert.ok(account.invite());
  assert.deepEqual([share.invitedBytes, account.mustRetract], [COMMAND, false]);
  crowd();
  assert.equal(account.invite(), false);
  assert.equal(account.mustRetract, false, 'one more than its own is not worth a change');
  assert.deepEqual(told(), []);
  account.retract();
  assert.deepEqual([share.invitedBytes, told()], [0, ['freed']]);
  account.retract();
  assert.deepEqual([share.invitedBytes, told()], [0, []], 'its own are no room for others');
  assert.ok(account.invite());
});

test('a window shrinks when others need its room', () => {
  const { account, crowd } = begin();
  for (let i = 0; i < account.ownCommands + 2; i++) assert.ok(account.invite());
  assert.equal(account.mustRetract, false);
  crowd();
  assert.ok(account.mustRetract);
  account.retract();
  assert.equal(account.mustRetract, false);
});

test('a window does not grow while a claim waits, and shrinks when most of its commands do', () => {
  const { account, claim, crowd } = begin(COMMAND_BYTES);
  assert.equal(account.ownCommands, OWN_COMMANDS_MAX);
  for (let i = 0; i < OWN_COMMANDS_MAX; i++) assert.ok(account.invite());
  crowd();
  for (let i = 0; i < OWN_COMMANDS_MAX / 2; i++) claim('long', OWN + 1);
  assert.deepEqual([account.mustRetract, account.invite()], [false, false]);
  claim('long', OWN + 1);
  assert.ok(account.mustRetract);
});

test('its end gives back its window and drops its claims; what is held counts until it is back', () => {
  const { account, share, claim, granted, told, crowd } = begin();
  while (account.invite());
  claim('first', OWN + 1);
  crowd();
  claim('long', OWN + 1);
  told();
  account.close();
  account.close();
  assert.deepEqual([told(), share.invitedBytes, account.hasClaims], [['close'], 0, false]);
  assert.equal(share.heldBytes, 1);
  assert.deepEqual([account.invite(), account.invitedCommands], [false, 0]);
  account.retract();
  assert.ok(claim('late', OWN).isGranted, 'what goes on after the end waits for nobody');
  account.release(2 * OWN + 1);
  assert.deepEqual([account.heldBytes, share.heldBytes, granted], [0, 0, []]);
});

test('whatever a session does, its share counts exactly what is beyond its own', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('hold' as const), bytes: fc.nat(OWN) }),
    fc.record({ kind: fc.constant('release' as const), bytes: fc.nat(OWN) }),
    fc.record({ kind: fc.constantFrom('invite' as const, 'retract' as const), bytes: fc.nat(1) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const { account, share } = begin();
      for (const { kind, bytes } of actions) {
        if (kind === 'hold') account.hold(bytes);
        else if (kind === 'release') account.release(Math.min(bytes, account.heldBytes));
        else if (kind === 'invite') account.invite();
        else if (account.invitedCommands > 0) account.retract();
        const invited = Math.max(0, account.invitedCommands - account.ownCommands);
        assert.deepEqual(
          [share.heldBytes, share.invitedBytes],
          [Math.max(0, account.heldBytes - OWN), invited * COMMAND],
        );
      }
    }),
    { numRuns: 100 },
  );
});
