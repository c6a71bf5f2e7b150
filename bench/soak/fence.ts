// Fences gateways that were stopped, or cut off, with writes in flight, round after round.

import { type FenceCause, fenceRounds } from '../../test/fault/fence-rounds.ts';
import { FenceWorld } from '../../test/fault/fence-world.ts';
import { NetworkNamespace } from '../../test/support/network-namespace.ts';
import { distribution } from './distribution.ts';
import { runSoak } from './soak-command.ts';

await runSoak({
  name: 'fence',
  proves: [
    'What another gateway read or wrote after a fence was finished never shows the fenced one:',
    'one of three gateways is stopped, its writes queued at a stopped OSD, and fenced by suspicion',
    'or by command; in every second round another gateway is kept from the monitor meanwhile, so',
    'that its map is old. Needs Ceph, and root for network namespaces.',
  ],
  numbers: {
    rounds: [100, 'fences'],
    cuts: [0, '1: cut off from the cluster by a packet filter in every second pair of rounds'],
    'without-barrier': [0, '1: gateways that skip the barrier; the run ends when that is found'],
  },
  async run({ numbers, random, progress }) {
    const missing = await NetworkNamespace.missing();
    if (missing !== undefined) throw new Error(`no network namespaces: ${missing}`);
    const withoutBarrier = numbers['without-barrier'] !== 0;
    const causes: readonly FenceCause[] =
      numbers['cuts'] === 0
        ? ['stopped']
        : ['stopped', 'stopped', 'stopped', 'stopped', 'cut', 'cut', 'cut', 'cut'];
    await using world = await FenceWorld.start({ inNamespaces: true, withoutBarrier });
    const rounds = await fenceRounds({
      world,
      random,
      causes,
      rounds: numbers['rounds']!,
      seeksFaults: withoutBarrier,
      onRound: ({ faults, ...round }) => progress({ ...round, faults: faults.length }),
    });
    const sum = (of: (round: (typeof rounds)[number]) => number) =>
      rounds.reduce((total, round) => total + of(round), 0);
    const faults = sum((round) => round.faults.length);
    if (withoutBarrier && faults === 0) throw new Error('a missing barrier was not found');
    return {
      rounds: rounds.length,
      mapsHeldOld: rounds.filter(({ isMapHeldOld }) => isMapHeldOld).length,
      landed: sum(({ landed }) => landed),
      lost: sum(({ lost }) => lost),
      faults,
      askedMs: distribution(rounds.filter((r) => r.isAsked).map((r) => r.fencedMs)),
      suspectedMs: distribution(rounds.filter((r) => !r.isAsked).map((r) => r.fencedMs)),
    };
  },
});
