// The fence agent fence_scsi: agents/scsi/fence_scsi.py of github.com/ClusterLabs/fence-agents at
// 08047403, with --mpath-register-method=multi. The ring `guest` runs the agent that Debian has;
// this one differs: it registers each path, and preempts its own key, which a node that was started
// again has left behind under other initiator ports.

import assert from 'node:assert/strict';
import { Action } from '../../support/reserve-out.ts';
import { keysOf, readKeys, readReservation, reservationOf, reserveOut } from '../commands.ts';
import type { Nexus } from '../nexus.ts';
import { haveKeys, haveReservation, onlyWrite, repeated, Type } from '../reservations-seen.ts';
import type { Row } from '../row.ts';
import { Code } from '../told.ts';

const KEY_A = 0xa1;
const KEY_B = 0xb2;
const type = Type.writeExclusiveRegistrantsOnly;

type Paths = readonly Nexus[];
type Sent = ReturnType<typeof reserveOut>;

/** What the agent runs: `sg_turs`, which takes what is pending, then `sg_persist`. */
async function persist(path: Nexus, request: Sent | ReturnType<typeof readKeys>): Promise<Buffer> {
  await path.attentions();
  return await path.must(request);
}

async function keysAt(path: Nexus): Promise<readonly number[]> {
  return keysOf(await persist(path, readKeys()));
}

async function reservedKeyAt(path: Nexus): Promise<number | undefined> {
  return reservationOf(await persist(path, readReservation()))?.key;
}

/** The agent's `register_dev`, for one path of the device. */
async function registerPath(path: Nexus, key: number, mayPreempt: boolean): Promise<void> {
  const wasThere = (await keysAt(path)).includes(key);
  await persist(path, reserveOut(Action.registerAndIgnore, { actionKey: key }));
  if (!wasThere) return;
  if (mayPreempt) await persist(path, reserveOut(Action.preempt, { key, actionKey: key, type }));
  if ((await reservedKeyAt(path)) === key) return;
  await persist(path, reserveOut(Action.registerAndIgnore, { actionKey: key }));
}

async function registerPaths(paths: Paths, key: number): Promise<void> {
  for (const [index, path] of paths.entries()) await registerPath(path, key, index === 0);
}

/** The action `on`, of the node itself. */
async function letIn(paths: Paths, key: number): Promise<void> {
  await registerPaths(paths, key);
  const [path] = paths;
  assert.ok((await keysAt(path!)).includes(key));
  if ((await reservedKeyAt(path!)) !== undefined) return;
  await persist(path!, reserveOut(Action.reserve, { key, type }));
}

/** The action `off`, by another node. */
async function fence(paths: Paths, own: number, victim: number): Promise<void> {
  await registerPaths(paths, own);
  const [path] = paths;
  await persist(path!, reserveOut(Action.preemptAndAbort, { key: own, actionKey: victim, type }));
  assert.ok(!(await keysAt(path!)).includes(victim));
}

/** The paths come back with other initiator ports. */
async function startAgain(paths: Paths): Promise<void> {
  for (const path of paths) path.cut();
  for (const path of paths) await path.logInAgain({ asNewPort: true });
}

export const fenceScsi: readonly Row[] = [
  {
    name: 'fence_scsi: a node that is fenced writes through no gateway until it is let in again',
    run: async ({ nexuses }) => {
      const { all } = nexuses;
      const [a, b] = [nexuses.of('a'), nexuses.of('b')];
      await letIn(a, KEY_A);
      await letIn(b, KEY_B);
      await onlyWrite(all, all);
      await fence(a, KEY_A, KEY_B);
      for (const path of b)
        assert.deepEqual(await path.attentions(), [Code.registrationsPreempted]);
      await haveKeys(all, repeated(KEY_A, a.length));
      await onlyWrite(all, a);
      await letIn(b, KEY_B);
      await onlyWrite(all, all);
    },
  },
  {
    name: 'fence_scsi: a holder that was started again takes its reservation to its new ports',
    run: async ({ nexuses }) => {
      const { all } = nexuses;
      const [a, b] = [nexuses.of('a'), nexuses.of('b')];
      await letIn(a, KEY_A);
      await letIn(b, KEY_B);
      await startAgain(a);
      await onlyWrite(all, b);
      await letIn(a, KEY_A);
      await haveKeys(all, [...repeated(KEY_A, a.length), ...repeated(KEY_B, b.length)]);
      await haveReservation(all, { key: KEY_A, type });
      await onlyWrite(all, all);
      await nexuses.areTold({});
      // The previous ports are shut out.
      for (const path of a) path.cut();
      for (const path of a) await path.logInAgain();
      await onlyWrite(all, b);
    },
  },
  {
    name: 'fence_scsi: a registrant that was started again leaves no key behind',
    run: async ({ nexuses }) => {
      const { all } = nexuses;
      const [a, b] = [nexuses.of('a'), nexuses.of('b')];
      await letIn(a, KEY_A);
      await letIn(b, KEY_B);
      await startAgain(b);
      await letIn(b, KEY_B);
      await haveKeys(all, [...repeated(KEY_A, a.length), ...repeated(KEY_B, b.length)]);
      await haveReservation(all, { key: KEY_A, type });
      await onlyWrite(all, all);
      await nexuses.areTold({});
    },
  },
];
