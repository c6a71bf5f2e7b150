import { assert } from '../base/assert.ts';
import type { Claim, DataAccount } from './data-account.ts';

/** The command that a hold belongs to. */
export interface DataHolder {
  /** The room that it claimed is there. */
  granted(): void;
}

/**
 * The part of its session's account that one command holds: room that was granted for data that has
 * not arrived, or that was copied into it. The bytes are negative where received data stays in its
 * slab, which is counted by itself, and was paid for before, by the command window.
 */
export class DataHold implements Claim {
  claimedBytes = 0;
  readonly #holder: DataHolder;
  #account: DataAccount | undefined = undefined;
  #bytes = 0;
  #isGranted = false;

  constructor(holder: DataHolder) {
    this.#holder = holder;
  }

  get #open(): DataAccount {
    assert(this.#account !== undefined, 'a command in use has an account');
    return this.#account;
  }

  begin(account: DataAccount): void {
    assert(this.#account === undefined, 'a command that begins has no account yet');
    this.#account = account;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#open.hasRoomFor(bytes);
  }

  /** Asks for room; false: its holder is notified when the room is granted. */
  claim(bytes: number): boolean {
    this.#bytes += bytes;
    this.#isGranted = this.#open.claim(this, bytes);
    return this.#isGranted;
  }

  granted(): void {
    this.#isGranted = true;
    this.#holder.granted();
  }

  /** This many bytes were copied out of slabs. */
  hold(bytes: number): void {
    this.#open.hold(bytes);
    this.#bytes += bytes;
  }

  /** This many bytes need no room of their own: they lie in a slab, which is counted. */
  release(bytes: number): void {
    this.#open.release(bytes);
    this.#bytes -= bytes;
  }

  /** All that the command holds is counted otherwise from now on. */
  releaseAll(): void {
    if (this.#bytes !== 0) this.release(this.#bytes);
  }

  /** The command ends: its bytes are returned, and its waiting claim is withdrawn. */
  end(): void {
    const account = this.#open;
    if (this.claimedBytes > 0) {
      this.#bytes -= this.claimedBytes;
      account.withdraw(this);
    }
    this.releaseAll();
    if (this.#isGranted) account.settle();
    assert(this.#bytes === 0 && this.claimedBytes === 0, 'a command that ends holds nothing');
    this.#isGranted = false;
    this.#account = undefined;
  }
}
