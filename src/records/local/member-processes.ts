import { assert } from '../../base/assert.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { killProcess } from '../../host/process-end.ts';
import { processState } from '../../host/process-identity.ts';
import type { Member } from '../records.ts';
import type { MemberFolder } from './member-folder.ts';
import type { NameClaim } from './name-claim.ts';
import type { StoreThread } from './store-thread.ts';

/** How long it is waited for the end of a process that was killed. */
const END_WAIT_MAX_MS = 2000;
const END_POLL_MS = 5;

interface MemberProcessesParts {
  readonly claim: NameClaim;
  readonly folder: MemberFolder;
  readonly clock: Clock;
  /** The store, for as long as it may be used; throws a `Failure` afterwards. */
  readonly store: () => StoreThread;
}

/** The processes of one host that have a store open, and the end of one of them. */
export class MemberProcesses {
  readonly #parts: MemberProcessesParts;

  constructor(parts: MemberProcessesParts) {
    this.#parts = parts;
  }

  /**
   * The members whose process is alive, including this one, by name: gateways, and tools while they
   * run.
   */
  async living(): Promise<readonly Member[]> {
    return (await this.#living()).map(memberOf);
  }

  /** The same, with whether each runs. */
  async states(): Promise<readonly MemberProcessState[]> {
    const { claim: own } = this.#parts;
    return (await this.#living()).map((claim) => ({
      ...memberOf(claim),
      isStopped: processState(claim.process, own.process) === 'stopped',
    }));
  }

  /**
   * Kills the process of `member` and waits for its end. True: it has ended, and with it all that
   * it had begun. False: it did not end in time; ask again. Rejects with `recordsOwnProcess`.
   */
  async end(member: Member): Promise<boolean> {
    const { claim: own, folder, clock, store } = this.#parts;
    const claims = store();
    const named = ({ incarnation }: Member): boolean => incarnation === member.incarnation;
    const claim = (await folder.living()).find(named) ?? (await claims.call('claims')).find(named);
    // Neither shown nor holding its name: it closed, or its end was seen before.
    if (claim === undefined) return true;
    if (claim.process.pid === own.process.pid && claim.process.bootId === own.process.bootId) {
      throw new Failure('recordsOwnProcess', `${member.name} belongs to this process`);
    }
    const endMs = clock.now() + END_WAIT_MAX_MS;
    assert(claim.incarnation !== own.incarnation, 'a process is not ended by itself');
    killProcess(claim.process, own.process);
    while (processState(claim.process, own.process) !== 'ended') {
      if (clock.now() >= endMs) return false;
      await sleep(clock, END_POLL_MS);
    }
    await folder.remove(claim.incarnation);
    return true;
  }

  async #living(): Promise<readonly NameClaim[]> {
    const { folder, store } = this.#parts;
    return await folder.livingOf(await store().call('claims'));
  }
}

interface MemberProcessState extends Member {
  /** Stopped by a signal or a tracer. A frozen control group does not show in `/proc`. */
  readonly isStopped: boolean;
}

export function memberOf({ name, incarnation }: Member): Member {
  return { name, incarnation };
}
