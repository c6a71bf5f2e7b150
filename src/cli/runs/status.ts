import type { GatewayStatus } from '../../gateway/channels.ts';
import { clusterStatus, type RenamedVolume } from '../../gateway/cluster-status.ts';
import type { MembersStatus, SilentGateway } from '../../gateway/members-status.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { formatBytes, print, printJson, table } from '../output.ts';
import { withStore } from '../tool-store.ts';
import { unservedLines } from '../unserved-lines.ts';

export async function runStatus(call: CliCall): Promise<number> {
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (store, context) => {
    const status = await clusterStatus(store, context);
    const { version, gateways, silentStates, unserved, renamed, members } = status;
    if (call.json) printJson({ store: store.location, ...status });
    else {
      printTable(version, gateways, silentStates);
      for (const line of unservedLines(unserved)) print(line);
      printFullDisks(gateways);
      for (const volume of renamed) print(renamedLine(volume));
      printMembers(members);
    }
    return unserved.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

function renamedLine({ disk, volume, id, name }: RenamedVolume): string {
  const now =
    name === undefined
      ? 'has no name in the pool: it was deleted, or is in the trash (rbd trash ls, restore)'
      : `is called ${name} now, and is served as ever`;
  return `disk ${disk}: its image ${volume} with the id ${id} ${now}`;
}

function printTable(
  version: number,
  gateways: readonly GatewayStatus[],
  silent: readonly SilentGateway[],
): void {
  const headings = [
    'GATEWAY',
    'STATE',
    'PORTALS',
    'SESSIONS',
    'READ/S',
    'WRITE/S',
    'READ B/S',
    'WRITE B/S',
    'UPTIME',
    'MEMORY',
  ];
  const rows = gateways.map((gateway) => [
    gateway.name,
    stateOf(gateway, version),
    gateway.portals.join(' '),
    String(gateway.sessionCount),
    String(gateway.traffic.readsPerSecond),
    String(gateway.traffic.writesPerSecond),
    formatBytes(gateway.traffic.bytesReadPerSecond),
    formatBytes(gateway.traffic.bytesWrittenPerSecond),
    `${gateway.uptimeSeconds} s`,
    formatBytes(gateway.residentBytes),
  ]);
  const others = silent.map(({ name, state }) => [name, state]);
  print(table(headings, [...rows, ...others]));
}

function printFullDisks(gateways: readonly GatewayStatus[]): void {
  const disks = new Set(gateways.flatMap(({ fullDisks = [] }) => fullDisks));
  for (const disk of [...disks].sort()) {
    print(`disk ${disk}: writes find no space; free some in the store or pool, or raise its quota`);
  }
}

function printMembers({ life, barrierEpoch, list }: MembersStatus): void {
  if (list.length === 0) return;
  const rows = list.map(({ name, incarnation, start, state, instances, isHolding, isDraining }) => {
    const drains = isDraining && state === 'serving';
    const states = [drains ? 'draining' : state, ...(isHolding ? ['holding'] : [])];
    return [name, incarnation, String(start), states.join(', '), String(instances)];
  });
  print('');
  print(table(['MEMBER', 'INCARNATION', 'START', 'STATE', 'INSTANCES'], rows));
  print(`life ${life}, barrier epoch ${barrierEpoch}`);
}

function stateOf({ draining, documentVersion }: GatewayStatus, version: number): string {
  if (draining) return 'draining';
  return documentVersion === version ? 'serving' : `serving version ${documentVersion}`;
}
