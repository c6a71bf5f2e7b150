// Whatever comes together (changes, snapshots, lost watches, gateways that open the image, slow
// reads of the header): no gateway writes by a header for which it said that it stopped, no two
// write by different ones, and in the end all write by the last.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  features,
  Gateway,
  HEADER,
  HeaderWorld,
  QUIESCE,
  UNQUIESCE,
  UPDATE,
} from '../../../support/header-world.ts';
import { SeededRandom, seedOfRun } from '../../../support/seeded-random.ts';
import { settle } from '../../../support/virtual-clock.ts';

const RUNS = 40;
const EVENTS = 60;
const GATEWAYS_MAX = 4;
/** More than any bound of the barrier. */
const CALM_MS = 60_000;

/** A gateway, and what its librbd knows. */
class Member {
  readonly gateway: Gateway;
  /** The header by which it writes. */
  known = 0n;
  /** The newest for which it said that it has stopped. */
  answered = 0n;

  constructor(chaos: Chaos) {
    this.gateway = new Gateway(chaos.world.rados);
    this.gateway.onRefresh = async () => {
      const seen = chaos.header;
      await chaos.turns(10);
      if (chaos.random.below(5) === 0) await chaos.sleep(900);
      if (seen > this.known) this.known = seen;
    };
    void this.gateway.barrier.open();
  }
}

class Chaos {
  readonly world = new HeaderWorld();
  readonly random: SeededRandom;
  readonly members: Member[] = [];
  header = 1n;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  async turns(max: number): Promise<void> {
    for (let i = this.random.below(max); i >= 0; i--) await settle();
  }

  sleep(maxMs: number): Promise<void> {
    return new Promise((resolve) => this.world.clock.after(this.random.below(maxMs), resolve));
  }

  async run(): Promise<void> {
    const { world, random } = this;
    await this.#set(this.header);
    this.members.push(new Member(this));
    for (let i = 0; i < EVENTS; i++) {
      this.#act();
      await this.turns(12);
      if (random.below(3) === 0) await world.clock.advance(random.below(700));
      this.#check();
    }
    void world.tell(UNQUIESCE);
    for (let ms = 0; ms < CALM_MS; ms += 1000) {
      await world.clock.advance(1000);
      await world.settled();
      this.#check();
    }
    for (const { gateway, known } of this.members) {
      assert.deepEqual([gateway.holds, known], [false, this.header]);
      await gateway.barrier.close();
    }
  }

  #act(): void {
    const { world, members, random } = this;
    const { gateway } = random.pick(members);
    const what = random.below(10);
    if (what === 0 && members.length < GATEWAYS_MAX) members.push(new Member(this));
    else if (what === 1) gateway.client.cutWatches();
    else if (what === 2) void world.tell(QUIESCE);
    else if (what === 3) void world.tell(UNQUIESCE);
    else if (what === 4 && !gateway.holds) void this.turns(30).then(gateway.write());
    else if (what > 4) void this.#change(this.header + 4n);
  }

  async #change(header: bigint): Promise<void> {
    await this.#set(header);
    const { answers } = await this.world.admin.notify(HEADER, UPDATE, 5_000);
    for (const member of this.members) {
      const hasAnswered = answers.some(({ gid }) => gid === member.gateway.client.gid);
      if (hasAnswered && header > member.answered) member.answered = header;
    }
    this.#check();
  }

  async #set(header: bigint): Promise<void> {
    await this.world.admin.operate(HEADER, [{ step: 'omapSet', entries: features(header) }]);
    if (header > this.header) this.header = header;
  }

  #check(): void {
    const writing = this.members.filter(({ gateway }) => !gateway.holds);
    for (const { known, answered } of writing) assert.ok(known >= answered, 'it said it stopped');
    assert.ok(new Set(writing.map(({ known }) => known)).size <= 1, 'all write by one header');
  }
}

test('gateways write by one header, and by none for which they said that they stopped', async () => {
  const first = seedOfRun() ?? new SeededRandom().seed;
  for (let seed = first; seed < first + RUNS; seed++) {
    await new Chaos(seed).run().catch((cause) => {
      throw new Error(`with the seed ${seed}: ${cause.message}`, { cause });
    });
  }
});
