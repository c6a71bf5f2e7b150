// Events of one logical unit through all gateways under load; each status is checked.

import { errorText } from '../../src/base/system-reason.ts';
import { eventKinds } from '../../test/fault/event-kinds.ts';
import { type EventsSummary, eventsUnderLoad } from '../../test/fault/events-under-load.ts';
import type { GatewayFault } from '../../test/fault/gateway-faults.ts';
import { distribution } from './distribution.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers, soakPlace } from './soak-place.ts';

/** The gateways' own bound. */
const EVENT_MAX_MS = 8_000;
const FAULTS: readonly string[] = ['kill', 'stop', 'osd'] satisfies GatewayFault[];

await runSoak({
  name: 'events',
  proves: [
    'While sessions read and write one logical unit through all gateways, LOGICAL UNIT RESET,',
    'PREEMPT AND ABORT, and RESERVE with RELEASE, take at most 8 s each or drop their session;',
    'each status and each unit attention is as it must be; nothing acknowledged is lost. Also with',
    'one gateway killed or stopped at a time, or with one OSD stopped, which fences no gateway.',
  ],
  numbers: {
    ...placeNumbers,
    gateways: [4, 'gateway processes'],
    minutes: [10, 'length of the run of each kind of event'],
    sessions: [8, 'sessions that read and write'],
    'pause-ms': [20, 'between two events'],
    'fault-every-ms': [15_000, 'between the end of a fault and the next'],
  },
  words: {
    only: ['KIND', `one kind of event: ${Object.keys(eventKinds).join(', ')}`],
    fault: ['FAULT', `with faults: ${FAULTS.join(', ')} (osd: needs --osds 3)`],
  },
  async run({ numbers, words, random, progress }) {
    const { only, fault } = words;
    if (fault !== undefined && !FAULTS.includes(fault)) throw new Error(`no fault: ${fault}`);
    const kinds = only === undefined ? Object.keys(eventKinds) : [only];
    const reports: Record<string, unknown> = {};
    for (const kind of kinds) {
      await using place = await soakPlace(numbers);
      const summary = await eventsUnderLoad({
        ...{ place, random, kind, seconds: 60 * numbers['minutes']!, eventMaxMs: EVENT_MAX_MS },
        sessions: numbers['sessions']!,
        pauseMs: numbers['pause-ms']!,
        ...(fault === undefined ? {} : { fault: fault as GatewayFault }),
        faultEveryMs: numbers['fault-every-ms']!,
        onProgress: (now) => progress({ kind, ...report(now) }),
      }).catch((cause: unknown) => {
        // What the gateways say of it: a lost connection may be a gateway that has ended.
        throw new Error(`${errorText(cause)}\n${place.demo.errors()}`, { cause });
      });
      reports[kind] = report(summary);
    }
    return reports;
  },
});

function report({ timesMs, ...summary }: EventsSummary): Record<string, unknown> {
  return { eventMs: distribution(timesMs), ...summary };
}
