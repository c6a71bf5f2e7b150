// Proves that the checker of a chain agrees with the simulator's checker, which tries all orders:
// on random histories of one block, as they happened and with a lie in them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockHistory, type BlockOperation as Checked } from '../../sim/checkers/block-history.ts';
import { SeededRandom, seedOfRun } from '../support/seeded-random.ts';
import { BlockChain, type BlockOperation } from './block-chain.ts';

const HISTORIES = 300;
const STEPS = 60;
const CLIENTS = 4;

interface Running {
  readonly operation: BlockOperation;
  readonly checked: Checked;
  /** What it will show. */
  result: { readonly outcome: 'done' | 'miscompare'; readonly seen: number } | undefined;
}

/** Clients at one block that is as it should be, but tells a lie in the step `lieAt`. */
class History {
  readonly chain = new BlockChain();
  readonly #history = new BlockHistory();
  readonly #random: SeededRandom;
  readonly #lieAt: number;
  readonly #running: (Running | undefined)[] = Array(CLIENTS).fill(undefined);
  #value = 0;
  isExplained = true;

  constructor(random: SeededRandom, lieAt: number) {
    this.#random = random;
    this.#lieAt = lieAt;
  }

  play(): void {
    for (let step = 0; step < STEPS && this.isExplained; step++) {
      const client = this.#random.below(CLIENTS);
      const running = this.#running[client];
      if (running === undefined) this.#running[client] = this.#begin(client);
      else if (running.result === undefined) this.#takeEffect(running, step === this.#lieAt);
      else this.#end(client, running);
    }
  }

  #begin(client: number): Running {
    const kind = this.#random.below(3) === 0 ? 'read' : 'compareAndWrite';
    const operation = this.chain.begin(kind, `client ${client}`);
    const { id, by, expected } = operation;
    const checked = { id, by, kind, expected, value: id } as const;
    this.#history.begin(checked);
    return { operation, checked, result: undefined };
  }

  #takeEffect(running: Running, isLie: boolean): void {
    const { kind, expected, id } = running.operation;
    const isSame = kind === 'read' || this.#value === expected;
    // A stale read, a change that is not made, one that is made though the value differs.
    const isDone = kind === 'read' || isSame !== isLie;
    const seen = isLie ? Math.max(0, this.#value - 1) : this.#value;
    running.result = { outcome: isDone ? 'done' : 'miscompare', seen };
    if (kind === 'compareAndWrite' && isDone) this.#value = id;
  }

  #end(client: number, { operation, checked, result }: Running): void {
    const outcome = this.#random.below(10) === 0 ? 'unknown' : result!.outcome;
    this.chain.end(operation, outcome, result!.seen);
    this.isExplained = this.#history.end(checked, outcome, result!.seen);
    this.#running[client] = undefined;
  }
}

test('possible histories of a block are accepted, impossible ones are not', () => {
  const random = new SeededRandom(seedOfRun());
  const found = { explained: 0, not: 0 };
  for (let number = 0; number < HISTORIES; number++) {
    const history = new History(random, number % 2 === 0 ? -1 : random.below(STEPS));
    history.play();
    const fault = history.chain.fault();
    const seed = `seed ${random.seed}, history ${number}: ${fault}`;
    assert.equal(fault === undefined, history.isExplained, seed);
    if (number % 2 === 0) assert.equal(fault, undefined, seed);
    found[history.isExplained ? 'explained' : 'not'] += 1;
  }
  assert.ok(found.not > HISTORIES / 20, JSON.stringify(found));
});
