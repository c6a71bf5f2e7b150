// Attacks one gateway in every known way, one after the other, while well-behaved
// initiators work through all gateways.

import { attacks } from '../../test/hostile/attacks/attacks.ts';
import { BATTLE_DISK, type BattleReport, battle } from '../../test/hostile/attacks/battle.ts';
import { demoAt } from '../../test/support/demo-place.ts';
import { table } from '../report.ts';
import { runSoak } from './soak-command.ts';
import { placeNumbers } from './soak-place.ts';

const MIB = 2 ** 20;

await runSoak({
  name: 'hostile',
  proves: [
    'While initiators that keep the rules read and write through each gateway, each attack and a',
    'flood of each SCSI command run against the first gateway: the good initiators stay connected,',
    'none of their commands fails, new initiators are let in, latencies and memory stay bounded.',
    '',
    'Every party has a process of its own, gateways two. The attackers run at nice 19, so that on',
    'a small machine the processor time of the attackers themselves is not what is measured.',
  ],
  numbers: {
    ...placeNumbers,
    seconds: [30, 'length of each attack'],
    'quiet-seconds': [5, 'time without an attack before each'],
    'good-sessions': [8, 'well-behaved sessions at each gateway'],
    depth: [8, 'commands under way in each of them'],
    'think-ms': [20, 'between two commands of one of these'],
    sessions: [16, 'sessions of an attack by logged-in initiators'],
    'p99-factor-max': [10, 'p99 under attack, at most so many times the quiet p99'],
    'p99-max-ms': [500, 'p99 under attack at most'],
    'long-max-ms': [5000, 'a transfer of 1 MiB under attack takes at most'],
    'rss-max-mib': [512, 'resident memory of a gateway at most'],
  },
  words: {
    only: ['ATTACK', 'only the attacks whose name begins so; "list" names them all'],
  },
  async run({ numbers, words, json, random, progress }) {
    const { only } = words;
    if (only === 'list') {
      for (const { name, does } of attacks) progress({ attack: name, does });
      return { attacks: attacks.length };
    }
    const chosen = attacks.filter(({ name }) => name.startsWith(only ?? ''));
    if (chosen.length === 0) throw new Error(`no attack is named ${only}; see --only list`);
    const verdicts: Verdict[] = [];
    for (const { name } of chosen) {
      const options = { gateways: numbers['gateways']!, size: BATTLE_DISK };
      // New gateways for each attack, so that no attack affects the figures of the next.
      await using place = await demoAt(numbers['osds']!, options);
      const report = await battle({
        demo: place.demo,
        attack: name,
        seed: random.below(2 ** 32),
        quietMs: numbers['quiet-seconds']! * 1000,
        attackMs: numbers['seconds']! * 1000,
        goodSessions: numbers['good-sessions']!,
        attackSessions: numbers['sessions']!,
        depth: numbers['depth']!,
        thinkMs: numbers['think-ms']!,
      });
      const verdict = verdictOf(report, numbers);
      verdicts.push(verdict);
      progress(json ? { ...report, problems: verdict.problems } : { ...row(verdict) });
    }
    if (!json) process.stdout.write(`\n${verdictTable(verdicts)}\n\n`);
    const failed = verdicts.filter(({ problems }) => problems.length > 0);
    if (failed.length > 0) {
      const names = failed.map(({ report }) => report.attack).join(', ');
      throw new Error(`${failed.length} of ${verdicts.length} attacks did harm: ${names}`);
    }
    return { attacks: verdicts.length };
  },
});

interface Verdict {
  readonly report: BattleReport;
  readonly problems: readonly string[];
}

function verdictOf(report: BattleReport, numbers: Readonly<Record<string, number>>): Verdict {
  const { quiet, attacked, drops, reasons, corrupt, rssMaxBytes, ended } = report;
  const problems: string[] = [];
  const p99MaxMs = Math.min(quiet.p99Ms * numbers['p99-factor-max']!, numbers['p99-max-ms']!);
  if (attacked.p99Ms > p99MaxMs) problems.push(`p99 over ${p99MaxMs.toFixed(0)} ms`);
  const longMaxMs = numbers['long-max-ms']!;
  if (attacked.longMaxMs > longMaxMs) problems.push(`1 MiB took over ${longMaxMs} ms`);
  if (drops > 0) problems.push(`${drops} drops: ${reasons.join('; ')}`);
  if (corrupt > 0) problems.push(`${corrupt} units read wrong`);
  if (ended > 0) problems.push(`${ended} gateways ended`);
  if (rssMaxBytes > numbers['rss-max-mib']! * MIB) problems.push('too much memory');
  return { report, problems };
}

function row({ report, problems }: Verdict): Readonly<Record<string, string>> {
  const { attack, quiet, attacked, drops, loginMaxMs, rssMaxBytes, tally } = report;
  return {
    attack,
    quiet: quiet.p99Ms.toFixed(1),
    p99: attacked.p99Ms.toFixed(1),
    max: attacked.maxMs.toFixed(0),
    long: attacked.longMaxMs.toFixed(0),
    commands: attacked.commands.toFixed(0),
    drops: drops.toFixed(0),
    login: loginMaxMs.toFixed(0),
    rss: (rssMaxBytes / MIB).toFixed(0),
    requests: tally.requests.toFixed(0),
    verdict: problems.length === 0 ? 'held' : problems.join(', '),
  };
}

function verdictTable(verdicts: readonly Verdict[]): string {
  const head = [
    [
      'attack',
      'quiet',
      'p99',
      'max',
      '1 MiB',
      'good',
      'drops',
      'login',
      'RSS',
      'requests',
      'verdict',
    ],
    ['', 'p99 ms', 'ms', 'ms', 'max ms', 'commands', '', 'max ms', 'MiB', '', ''],
  ];
  return table([...head, ...verdicts.map((each) => Object.values(row(each)))]);
}
