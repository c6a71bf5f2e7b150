import { assert } from '../../base/assert.ts';
import { sleep } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { isOpen, isSame, type MemberState } from '../../membership/membership.ts';
import type { Member, NotifyResult } from '../../records/records.ts';
import {
  DOCUMENT_CHANNEL,
  decodeMessage,
  encodeMessage,
  type SwitchAnswer,
  type UnservedDisks,
} from '../channels.ts';
import type { ControlContext } from '../control-context.ts';

/** How long a new version waits for the gateways: longer than it takes to fence one. */
export const SWITCH_WAIT_MAX_MS = 10_000;
/** Healthy gateways take less; after this time the wait is announced. */
const SILENT_WAIT_MS = 1_000;
const NOTIFY_TIMEOUT_MS = 2_000;
const NOTIFY_PAUSE_MS = 200;

assert(SILENT_WAIT_MS < NOTIFY_TIMEOUT_MS, 'an author is told of a wait before it is over');
assert(NOTIFY_TIMEOUT_MS + NOTIFY_PAUSE_MS < SWITCH_WAIT_MAX_MS, 'late gateways are asked again');

type SwitchContext = Omit<ControlContext, 'volumes' | 'random'>;

/** A gateway that may serve an older version yet. */
interface Late {
  readonly member: Member;
  readonly reason: string | undefined;
}

/** The gateways that serve a version, by name. */
export interface Switched {
  readonly gateways: readonly string[];
  /** The disks of that version that some of them cannot serve. */
  readonly unserved: readonly UnservedBy[];
}

export interface UnservedBy extends UnservedDisks {
  readonly gateway: string;
}

/**
 * Resolves when every serving incarnation has switched to `version` or a later one, or is fenced.
 * If no gateway lives, the incarnations that are left are dead and are not waited for. Rejects with
 * `applyIncomplete`, which names the gateways that are late.
 */
export async function awaitSwitch(context: SwitchContext, version: number): Promise<Switched> {
  const { clock } = context;
  assert(version >= 1, 'gateways switch to a version that is committed');
  // Gateways read this with every heartbeat, so one that misses the notification follows as well.
  await context.membership.raiseDocumentVersion(version);
  const deadline = clock.now() + SWITCH_WAIT_MAX_MS;
  const gateways = new SwitchingGateways(context, version);
  const waiting = clock.after(SILENT_WAIT_MS, () => {
    context.onEvent?.({ kind: 'waitingForGateways', version });
  });
  try {
    for (;;) {
      const late = await gateways.ask();
      if (late.length === 0) return gateways.switched;
      if (clock.now() >= deadline) throw incomplete(version, late);
      await sleep(clock, NOTIFY_PAUSE_MS);
    }
  } finally {
    waiting.cancel();
  }
}

class SwitchingGateways {
  readonly #context: SwitchContext;
  readonly #version: number;
  /** Names by incarnation: a gateway that has switched does not go back. */
  readonly #switched = new Map<string, { name: string; unserved: UnservedDisks | undefined }>();

  constructor(context: SwitchContext, version: number) {
    this.#context = context;
    this.#version = version;
  }

  get switched(): Switched {
    const byName = new Map([...this.#switched.values()].map((each) => [each.name, each.unserved]));
    const gateways = [...byName.keys()].sort();
    const unserved = gateways.flatMap((gateway): UnservedBy[] => {
      const disks = byName.get(gateway);
      return disks === undefined || disks.count === 0 ? [] : [{ gateway, ...disks }];
    });
    return { gateways, unserved };
  }

  /** Asks every gateway which version it serves; resolves with the late ones. */
  async ask(): Promise<readonly Late[]> {
    const request = encodeMessage({ version: this.#version });
    const { records, membership } = this.#context;
    const result = await records.notify(DOCUMENT_CHANNEL, request, NOTIFY_TIMEOUT_MS);
    const behind = this.#take(result);
    // A gateway that joins after this point reads the current version anyway.
    const { members } = await membership.read();
    const counted = members.filter(({ state }) => state === 'serving' || state === 'closed');
    const isHeard = (one: Member) =>
      this.#switched.has(one.incarnation) || behind.some(({ member }) => isSame(member, one));
    const silent = counted.filter((one) => !isHeard(one));
    const unlisted = result.missing.filter((one) => !has(members, one));
    // A silent gateway is fenced only if another one lives.
    const isServed =
      silent.length > 0 && (members.some(isHeard) || (await this.#isAnyAlive(members)));
    const late = isServed ? [...unlisted, ...silent] : unlisted;
    return [...behind, ...late.map((member) => ({ member, reason: 'no answer' }))];
  }

  #take({ answers }: NotifyResult): readonly Late[] {
    return answers.flatMap(({ from: member, payload }) => {
      const answer = decodeMessage<SwitchAnswer>(payload);
      const { version = 0, reason, unserved } = answer ?? {};
      if (version < this.#version) return [{ member, reason }];
      this.#switched.set(member.incarnation, { name: member.name, unserved });
      return [];
    });
  }

  async #isAnyAlive(members: readonly MemberState[]): Promise<boolean> {
    const open = members.filter(isOpen);
    return (await this.#context.living()).some((member) => has(open, member));
  }
}

function has(members: readonly Member[], one: Member): boolean {
  return members.some((member) => isSame(member, one));
}

function incomplete(version: number, late: readonly Late[]): Failure {
  assert(late.length > 0, 'a switch is incomplete because of a gateway');
  const words = late.map(({ member: { name }, reason }) => (reason ? `${name} (${reason})` : name));
  return new Failure(
    'applyIncomplete',
    `version ${version} is committed, but not served yet by ${words.join(', ')}`,
    { version, gateways: late.map(({ member }) => member.name) },
  );
}
