import type { Address } from '../../initiator/host.ts';
import { Initiator } from '../../initiator/initiator.ts';
import { ACTIVE, seesStates } from '../../support/access-states.ts';
import { freePorts } from '../../support/demo.ts';
import type { Comparison } from './compare.ts';
import { initiatorNameOf } from './nexus-identities.ts';
import { LUNS, type Program, TARGET_PORTS } from './program.ts';
import { firstDifference, type Transcript } from './transcript.ts';
import { documentOf, targetNameOf } from './wire-document.ts';
import { runOverWire } from './wire-run.ts';

/** Programs have nothing in common but the gateways, which wait for the store mostly. */
const PROGRAMS_AT_ONCE = 4;

/** Starts gateways of a store of their own, of that document; resolves when they serve. */
export type StartGateways = (count: 1 | 4, document: object) => Promise<AsyncDisposable>;

/**
 * Runs programs over iSCSI, through one gateway and through four; those that this
 * machine was too slow for are left out.
 */
export async function compareOverWire(
  programs: readonly Program[],
  start: StartGateways,
): Promise<ReadonlyMap<Program, Comparison>> {
  const one = await runThrough(1, programs, start);
  const four = await runThrough(4, programs, start);
  const compared = new Map<Program, Comparison>();
  for (const program of programs) {
    const [left, right] = [one.get(program), four.get(program)];
    if (left === undefined || right === undefined) continue;
    compared.set(program, { one: left, four: right, differsAt: firstDifference(left, right) });
  }
  return compared;
}

async function runThrough(
  count: 1 | 4,
  programs: readonly Program[],
  start: StartGateways,
): Promise<ReadonlyMap<Program, Transcript>> {
  const firstPort = await freePorts(TARGET_PORTS.length);
  const seeds = programs.map(({ seed }) => seed);
  await using _gateways = await start(count, documentOf(count, firstPort, seeds));
  const addressOf = (port: number) => ({ host: '127.0.0.1', port: firstPort + port - 1 });
  await allPathsAreActive(targetNameOf(seeds[0]!), addressOf);
  const transcripts = new Map<Program, Transcript>();
  const left = [...programs];
  const work = async (): Promise<void> => {
    for (let program = left.shift(); program !== undefined; program = left.shift()) {
      const targetName = targetNameOf(program.seed);
      const transcript = await runOverWire(program, { targetName, addressOf });
      if (transcript !== undefined) transcripts.set(program, transcript);
    }
  };
  await Promise.all(Array.from({ length: PROGRAMS_AT_ONCE }, work));
  return transcripts;
}

/** Each gateway has seen all others begin to serve: no nexus is told of that any longer. */
async function allPathsAreActive(
  targetName: string,
  addressOf: (port: number) => Address,
): Promise<void> {
  for (const port of TARGET_PORTS) {
    const initiatorName = initiatorNameOf('watcher');
    const watcher = await Initiator.connect({ ...addressOf(port), targetName, initiatorName });
    const states = TARGET_PORTS.map(() => ACTIVE);
    await seesStates(watcher, LUNS, states);
    await watcher.logout();
  }
}
