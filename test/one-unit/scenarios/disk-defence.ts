// Two nodes that cannot hear each other dispute a disk: the node that has it defends it in rounds
// of 3 s, and the other one clears its key, waits for 7 s, and reserves. The scripts defender.sh
// and attacker.sh of github.com/EXPRESSCLUSTER/SCSI-PR do so; each of their commands may fail, and
// the next one follows all the same. That the Cluster service of Windows disputes a disk in this
// way is often told; no source of Microsoft that was opened gives the commands, and [MS-CSVP],
// 3.2.6.1, calls them implementation-specific. Here the rounds follow one another at once, in
// either order.

import assert from 'node:assert/strict';
import { Action } from '../../support/reserve-out.ts';
import {
  RESERVATION_CONFLICT,
  read,
  readReservation,
  reservationOf,
  reserveOut,
  write,
} from '../commands.ts';
import type { Nexus } from '../nexus.ts';
import type { Nexuses } from '../nexuses.ts';
import { Type } from '../reservations-seen.ts';
import type { Row } from '../row.ts';

const DEFENDER_KEY = 0xabc001;
const ATTACKER_KEY = 0xabc002;
const type = Type.exclusiveAccess;

class Node {
  readonly #path: Nexus;
  readonly #key: number;

  constructor(path: Nexus, key: number) {
    this.#path = path;
    this.#key = key;
  }

  async clear(): Promise<void> {
    await this.#path.status(reserveOut(Action.clear, { key: this.#key }));
  }

  async register(): Promise<void> {
    await this.#path.status(reserveOut(Action.register, { actionKey: this.#key }));
  }

  /** Whether the disk is its own after that. */
  async reserve(): Promise<boolean> {
    await this.register();
    await this.#path.status(reserveOut(Action.reserve, { key: this.#key, type }));
    await this.#path.attentions();
    return reservationOf(await this.#path.must(readReservation()))?.key === this.#key;
  }

  async defend(): Promise<boolean> {
    await this.clear();
    return await this.reserve();
  }
}

async function dispute({ first, last }: Nexuses) {
  const defender = new Node(first, DEFENDER_KEY);
  const attacker = new Node(last, ATTACKER_KEY);
  await defender.register();
  assert.equal(await defender.defend(), true);
  await attacker.register();
  await attacker.clear();
  return { defender, attacker };
}

/** The node may read and write through that path, and no node through any other. */
async function isHeldThrough(path: Nexus, { all }: Nexuses): Promise<void> {
  for (const nexus of all) {
    const status = nexus === path ? 0 : RESERVATION_CONFLICT;
    assert.equal(await nexus.statusPastAttentions(read()), status, nexus.name);
    assert.equal(await nexus.statusPastAttentions(write()), status, nexus.name);
  }
}

export const diskDefence: readonly Row[] = [
  {
    name: 'a node that defends its disk in time keeps it',
    run: async ({ nexuses }) => {
      const { defender, attacker } = await dispute(nexuses);
      assert.equal(await defender.defend(), true);
      assert.equal(await attacker.reserve(), false);
      await isHeldThrough(nexuses.first, nexuses);
    },
  },
  {
    name: 'a node that is late loses its disk, with what it has in flight, and learns so',
    run: async ({ nexuses }) => {
      const { defender, attacker } = await dispute(nexuses);
      assert.equal(await attacker.reserve(), true);
      await isHeldThrough(nexuses.last, nexuses);
      assert.equal(await defender.defend(), false);
      assert.equal(await attacker.defend(), true);
      await isHeldThrough(nexuses.last, nexuses);
    },
  },
];
