// The suite that every driver of `src/membership/membership.ts` passes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Failure } from '../../src/base/failure.ts';
import {
  type GoneMember,
  isOpen,
  type Membership,
  type MembershipView,
  stateOf,
} from '../../src/membership/membership.ts';
import type { Member } from '../../src/records/records.ts';
import { waitFor as waitUntil } from '../support/wait-for.ts';

/** One store and ways to be a member of it. */
export interface MembershipContractWorld {
  /** Joins, in this process; it does not serve yet. */
  join(name: string): Promise<JoinedMember>;
  /** A gateway that serves, and that can be fenced, stopped and killed. */
  openPuppet(name: string): Promise<MemberPuppet>;
  dispose(): Promise<void>;
}

export interface JoinedMember {
  readonly members: Membership;
  /** Leaves, and closes the store. */
  close(): Promise<void>;
}

export interface MemberPuppet {
  readonly self: Member;
  /** It does nothing until `resume`. */
  stop(): Promise<void>;
  resume(): Promise<void>;
  /** Whether it no longer does anything, because it is dead or knows that it is closed. */
  isOver(): boolean;
  /** Kills it, if it lives. */
  end(): Promise<void>;
}

const HANG_MS = 120_000;

/** The limit is for a test that hangs: bounds are checked on virtual time. */
async function waitFor(condition: () => boolean): Promise<void> {
  await waitUntil(condition.toString(), condition, HANG_MS);
}

function openNames({ members }: MembershipView): string[] {
  return members
    .filter(isOpen)
    .map(({ name }) => name)
    .sort();
}

function fails(...codes: string[]) {
  return ({ code, message }: Failure) => {
    assert.ok(codes.includes(code), `${code}: ${message}`);
    return true;
  };
}

/** What a member was told of those of that name that are gone. */
function goneOf(members: Membership, name: string): GoneMember[] {
  const gone: GoneMember[] = [];
  members.listen({
    onGone: (one) => {
      if (one.member.name === name) gone.push(one);
    },
  });
  return gone;
}

/** Declares the suite for one driver. */
export function membershipContract(
  name: string,
  openWorld: () => Promise<MembershipContractWorld>,
) {
  describe(`members contract: ${name}`, { timeout: 4 * HANG_MS, concurrency: 1 }, () => {
    let world: MembershipContractWorld;
    let joined: JoinedMember[];
    let a: Membership;
    let b: Membership;
    before(async () => {
      world = await openWorld();
      joined = [await world.join('a'), await world.join('b')];
      [a, b] = joined.map(({ members }) => members) as [Membership, Membership];
      await a.admit();
      await b.admit();
    });
    after(async () => {
      for (const member of joined) await member.close();
      await world.dispose();
    });
    const use = (
      body: (a: Membership, b: Membership, world: MembershipContractWorld) => Promise<void>,
    ) => {
      return body(a, b, world);
    };
    rosterTests(use);
    fenceTests(use);
    valueTests(use);
  });
}

type Use = (
  body: (a: Membership, b: Membership, world: MembershipContractWorld) => Promise<void>,
) => Promise<void>;

function rosterTests(use: Use): void {
  test('those who serve see each other, of one life, and may act', () =>
    use(async (a, b) => {
      for (const members of [a, b]) {
        await waitFor(() => openNames(members.view).join() === 'a,b');
        assert.equal(await members.confirm(), true);
        assert.equal(members.mayAct(), true);
        assert.equal(stateOf(members.view, members.self)?.state, 'serving');
      }
      assert.equal(a.view.life, b.view.life);
      assert.ok(a.view.life > 0);
      assert.notEqual(a.self.incarnation, b.self.incarnation);
    }));

  test('a joiner counts before it serves; one that leaves is told of, once, as one that left', () =>
    use(async (a, b, world) => {
      const gone = [goneOf(a, 'c'), goneOf(b, 'c')];
      const c = await world.join('c');
      for (const members of [a, b]) {
        await waitFor(() => stateOf(members.view, c.members.self)?.state === 'joining');
      }
      await c.members.admit();
      await c.close();
      for (const told of gone) {
        await waitFor(() => told.length > 0);
        assert.deepEqual(told[0]!.member, c.members.self);
        assert.equal(told[0]!.how, 'left');
        const left = told[0]!.members.map((member) => member.name);
        assert.deepEqual(left.sort(), ['a', 'b']);
      }
      await a.fence(c.members.self);
      const again = await world.join('c');
      assert.notEqual(again.members.self.incarnation, c.members.self.incarnation);
      for (const members of [a, b]) {
        await waitFor(() => stateOf(members.view, again.members.self) !== undefined);
      }
      await again.close();
      for (const told of gone) {
        await waitFor(() => told.length === 2);
        assert.deepEqual(told[1]!.member, again.members.self);
      }
      await assert.rejects(again.members.fence(a.self), fails('membersClosed'));
      assert.equal(again.members.mayAct(), false);
      assert.equal(await again.members.confirm(), false);
    }));

  test('one that drains is seen to by all, and counts until it has left', () =>
    use(async (a, b, world) => {
      const d = await world.join('d');
      await d.members.admit();
      await d.members.drain();
      await d.members.drain();
      for (const members of [a, b]) {
        await waitFor(() => stateOf(members.view, d.members.self)?.isDraining === true);
        assert.equal(stateOf(members.view, d.members.self)?.state, 'serving');
      }
      assert.equal(stateOf(a.view, a.self)?.isDraining, false);
      await d.close();
    }));

  test('the name of a gateway that lives is refused, and that gateway is not harmed', () =>
    use(async (a, b, world) => {
      await assert.rejects(world.join('a'), fails('membersNameTaken', 'recordsNameTaken'));
      assert.equal(await a.confirm(), true);
      assert.deepEqual(openNames(b.view), ['a', 'b']);
    }));

  test('of several that take one name at one time exactly one gets it', () =>
    use(async (_a, _b, world) => {
      const opened = await Promise.allSettled([1, 2, 3].map(() => world.join('wanted')));
      const got = opened.filter((result) => result.status === 'fulfilled');
      for (const result of opened) {
        if (result.status === 'fulfilled') continue;
        fails('membersNameTaken', 'recordsNameTaken')(result.reason);
      }
      assert.equal(got.length, 1);
      await got[0]!.value.close();
    }));
}

function fenceTests(use: Use): void {
  test('a fenced gateway is over and told of, once, as fenced; its name is free', () =>
    use(async (a, b, world) => {
      const puppet = await world.openPuppet('victim');
      for (const members of [a, b]) {
        await waitFor(() => openNames(members.view).includes('victim'));
      }
      const gone = [goneOf(a, 'victim'), goneOf(b, 'victim')];
      await Promise.all([a.fence(puppet.self), b.fence(puppet.self)]);
      await waitFor(() => puppet.isOver());
      for (const told of gone) await waitFor(() => told.length > 0);
      await a.fence(puppet.self);
      const heir = await world.openPuppet('victim');
      await a.fence(puppet.self);
      await waitFor(() => openNames(a.view).includes('victim'));
      assert.equal(heir.isOver(), false, 'the heir of the name is not touched');
      for (const told of gone) {
        assert.deepEqual(
          told.map(({ member, how }) => ({ member, how })),
          [{ member: puppet.self, how: 'fenced' }],
        );
      }
      await a.fence(heir.self);
      await puppet.end();
      await heir.end();
    }));

  test('a gateway that is stopped can be fenced, and is over when it goes on', () =>
    use(async (a, _b, world) => {
      const puppet = await world.openPuppet('sleeper');
      await puppet.stop();
      await a.fence(puppet.self);
      await puppet.resume();
      await waitFor(() => puppet.isOver());
      await puppet.end();
    }));

  test('a gateway that dies is fenced with nobody asking', () =>
    use(async (a, b, world) => {
      const puppet = await world.openPuppet('mortal');
      const gone = [goneOf(a, 'mortal'), goneOf(b, 'mortal')];
      for (const members of [a, b]) {
        await waitFor(() => openNames(members.view).includes('mortal'));
      }
      await puppet.end();
      for (const told of gone) {
        await waitFor(() => told.length > 0);
        assert.deepEqual([told[0]!.member, told[0]!.how], [puppet.self, 'fenced']);
      }
    }));

  test('the name of a gateway that died is given to the next process', () =>
    use(async (_a, _b, world) => {
      const puppet = await world.openPuppet('phoenix');
      await puppet.end();
      const heir = await world.join('phoenix');
      await heir.members.admit();
      const before = stateOf(heir.members.view, puppet.self);
      assert.ok(before === undefined || before.state === 'finished');
      await heir.close();
    }));

  test('a member does not fence itself', () =>
    use(async (a) => {
      await assert.rejects(a.fence(a.self), fails('membersOwnGateway'));
      assert.equal(await a.confirm(), true);
    }));
}

function valueTests(use: Use): void {
  test('the version of the document goes up, and is seen by all', () =>
    use(async (a, b) => {
      const version = a.view.documentVersion + 5;
      await Promise.all([a.raiseDocumentVersion(version), b.raiseDocumentVersion(version - 2)]);
      for (const members of [a, b]) {
        await waitFor(() => members.view.documentVersion === version);
      }
      await b.raiseDocumentVersion(version - 1);
      await a.confirm();
      assert.equal(a.view.documentVersion, version);
    }));

  test('marks of logical units are seen by all, each with its author, until it is removed', () =>
    use(async (a, b) => {
      await a.mark(['1']);
      await b.mark(['1']);
      await b.mark(['2']);
      await b.mark(['2']);
      const units = (members: Membership) => members.view.marks.map(({ unit }) => unit).sort();
      for (const members of [a, b]) await waitFor(() => units(members).join() === '1,1,2');
      assert.deepEqual((await a.read()).marks, a.view.marks);
      await a.unmark([{ unit: '1', author: b.self }]);
      for (const members of [a, b]) await waitFor(() => units(members).join() === '1,2');
      const [first] = b.view.marks.filter(({ unit }) => unit === '1');
      assert.deepEqual(first?.author, { name: a.self.name, incarnation: a.self.incarnation });
      await a.unmark([{ unit: '1', author: a.self }]);
      await b.unmark([{ unit: '2', author: b.self }]);
      for (const members of [a, b]) await waitFor(() => members.view.marks.length === 0);
    }));

  test('a heartbeat tells the events that its member enforces, of units with a mark', () =>
    use(async (a, b) => {
      await b.confirm();
      const shown = stateOf(await a.read(), b.self)?.heartbeat.counter;
      // Processes of one host show themselves otherwise, and acknowledge by answers alone.
      if (shown === 0) return;
      b.acknowledgeWith((unit) => (unit === '1' ? 7 : undefined));
      await a.mark(['1']);
      const told = () => stateOf(a.view, b.self)?.heartbeat.acknowledged.get('1');
      await waitFor(() => told() === 7);
      await a.unmark([{ unit: '1', author: a.self }]);
      await waitFor(() => told() === undefined);
    }));
}
