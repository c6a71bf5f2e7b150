// Proves how the budget of a gateway is shared: what one session, initiator and peer may take of
// what is free, that each is counted at all three, and that shares nobody uses are forgotten.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GatewayShare } from '../../../src/iscsi/data-shares.ts';
import {
  FREE_DATA_SHARE,
  FREE_INITIATOR_SHARE,
  FREE_INVITED_SHARE,
  FREE_PEER_SHARE,
  GATEWAY_DATA_BYTES_MAX,
  GATEWAY_INVITED_BYTES_MAX,
  SESSION_DATA_BYTES_MAX,
} from '../../../src/iscsi/limits.ts';

test('what an initiator holds and is invited to counts for its peer and for the gateway', () => {
  const gateway = new GatewayShare();
  const [first, second] = [gateway.open('p', 'a', 0), gateway.open('p', 'b', 0)];
  const other = gateway.open('q', 'a', 0);
  for (const [share, bytes] of [
    [first, 1],
    [second, 10],
    [other, 100],
  ] as const) {
    share.countHeld(bytes);
    share.countInvited(1000 * bytes);
  }
  assert.deepEqual(
    [first, second, first.peer, other.peer, gateway].map(({ heldBytes }) => heldBytes),
    [1, 10, 11, 100, 111],
  );
  assert.deepEqual(
    [first, second, first.peer, other.peer, gateway].map(({ invitedBytes }) => invitedBytes),
    [1000, 10_000, 11_000, 100_000, 111_000],
  );
  assert.equal(gateway.freeBytes, GATEWAY_DATA_BYTES_MAX - 111 - 111_000);
  assert.equal(gateway.freeInvitedBytes, GATEWAY_INVITED_BYTES_MAX - 111_000);
});

test('sessions of one initiator of one peer share what they hold', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 0);
  assert.equal(gateway.open('p', 'a', 0), share);
  assert.notEqual(gateway.open('q', 'a', 0), share, 'a name at another peer is another initiator');
  assert.equal(share.accounts, 2);
});

test('a session alone may hold up to its bound; with less free, a part of it', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 0);
  assert.equal(share.sessionBytes, SESSION_DATA_BYTES_MAX);
  const filled = gateway.open('q', 'b', 0);
  filled.countHeld(GATEWAY_DATA_BYTES_MAX - 9 * 5 * 4 * 1024);
  const peerFree = (9 * 5 * 4 * 1024 * FREE_PEER_SHARE) / (FREE_PEER_SHARE + 1);
  const free = (peerFree * FREE_INITIATOR_SHARE) / (FREE_INITIATOR_SHARE + 1);
  assert.equal(share.sessionBytes, free / FREE_DATA_SHARE);
});

test('a window may invite a part of what is free for windows, and of what is free at all', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 0);
  const part = (bytes: number) =>
    ((bytes * FREE_PEER_SHARE) / (FREE_PEER_SHARE + 1)) *
    (FREE_INITIATOR_SHARE / (FREE_INITIATOR_SHARE + 1));
  const about = (bytes: number) => Math.round(bytes);
  assert.equal(
    about(share.windowBytes),
    about(part(GATEWAY_INVITED_BYTES_MAX) / FREE_INVITED_SHARE),
  );
  gateway.open('q', 'b', 0).countHeld(GATEWAY_DATA_BYTES_MAX - 2 ** 20);
  assert.equal(about(share.windowBytes), about(part(2 ** 20) / FREE_INVITED_SHARE));
});

test('where nothing is free, nothing may be taken: no share is less than none', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 0);
  gateway.open('q', 'b', 0).countHeld(2 * GATEWAY_DATA_BYTES_MAX);
  assert.deepEqual([share.sessionBytes, share.windowBytes], [0, 0]);
});

test('however greedy its sessions are, each level leaves its part to others', () => {
  const take = fc.record({
    peer: fc.constantFrom('p', 'q', 'r'),
    initiator: fc.constantFrom('a', 'b'),
    what: fc.constantFrom('hold' as const, 'invite' as const),
    times: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(take, { minLength: 1, maxLength: 20 }), (takes) => {
      const gateway = new GatewayShare();
      for (const { peer: name, initiator, what, times } of takes) {
        const share = gateway.open(name, initiator, 0);
        const { peer } = share;
        for (let i = 0; i < times; i++) {
          if (what === 'hold') share.countHeld(Math.floor(share.sessionBytes));
          else share.countInvited(Math.floor(share.windowBytes));
        }
        assert.ok(gateway.freeBytes > 0 && gateway.freeInvitedBytes > 0);
        if (what === 'hold' ? share.sessionBytes === 0 : share.windowBytes === 0) continue;
        assert.ok(takenBy(peer) <= FREE_PEER_SHARE * gateway.freeBytes);
        assert.ok(takenBy(share) <= FREE_INITIATOR_SHARE * peer.freeBytes);
        if (what === 'hold') continue;
        assert.ok(peer.invitedBytes <= FREE_PEER_SHARE * gateway.freeInvitedBytes);
        assert.ok(share.invitedBytes <= FREE_INITIATOR_SHARE * peer.freeInvitedBytes);
      }
    }),
    { numRuns: 100 },
  );
});

function takenBy({ heldBytes, invitedBytes }: { heldBytes: number; invitedBytes: number }): number {
  return heldBytes + invitedBytes;
}

test('a share is forgotten when its last session is over and all that it held is back', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 0);
  gateway.open('p', 'a', 0);
  share.countHeld(100);
  share.close();
  share.countHeld(-60);
  assert.equal(gateway.open('p', 'a', 0), share, 'a session of it is open');
  share.close();
  share.close();
  assert.equal(gateway.peers.size, 1, 'it still holds something');
  share.countHeld(-40);
  assert.equal(gateway.peers.size, 0);
  assert.notEqual(gateway.open('p', 'a', 0), share);
});

test('a share that is gone does not take the one that came after it along', () => {
  const gateway = new GatewayShare();
  const old = gateway.open('p', 'a', 0);
  old.close();
  const next = gateway.open('p', 'a', 0);
  // A command of the session that is over sends a slab back that was counted for it later.
  old.countHeld(10);
  old.countHeld(-10);
  assert.equal(gateway.open('p', 'a', 0), next);
});

test('a peer is forgotten with the last of its initiators', () => {
  const gateway = new GatewayShare();
  const [first, second] = [gateway.open('p', 'a', 0), gateway.open('p', 'b', 0)];
  first.close();
  assert.deepEqual([...gateway.peers.keys()], ['p']);
  second.close();
  assert.equal(gateway.peers.size, 0);
});

test('a new peer or initiator counts as having had its exception just now', () => {
  const gateway = new GatewayShare();
  const share = gateway.open('p', 'a', 3);
  assert.deepEqual([share.lastException, share.peer.lastException], [3, 3]);
  const later = gateway.open('p', 'b', 7);
  assert.deepEqual([later.lastException, later.peer.lastException], [7, 3]);
  assert.equal(gateway.open('p', 'a', 9).lastException, 3, 'another session is not a new name');
});
