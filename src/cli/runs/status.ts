import { formatBytes } from '../../base/format-bytes.ts';
import type { GatewayStatus } from '../../control/channels.ts';
import { type ClusterStatus, clusterStatus } from '../../control/status/cluster-status.ts';
import { type GatewayState, gatewayState } from '../../control/status/gateway-state.ts';
import type { MembershipStatus } from '../../control/status/membership-status.ts';
import type { RenamedVolume } from '../../control/status/status-findings.ts';
import type { MarkedUnitStatus, UnitsStatus } from '../../control/status/unit-status.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { localTime } from '../local-time.ts';
import { print, printJson, table } from '../output.ts';
import { shellWords } from '../shell-words.ts';
import { storeOf, storeWords } from '../store-options.ts';
import { withStore } from '../tool-store.ts';

export async function runStatus(call: CliCall): Promise<number> {
  const store = storeOf(call);
  const gatewayCommand = (name: string): string => {
    return shellWords(['allpath', 'gateway', ...storeWords(store), '--name', name]);
  };
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const status = await clusterStatus(context, { gatewayCommand });
    if (call.json) printJson({ store, ...status, gateways: dated(status) });
    else printStatus(status);
    return status.problems.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

/** All with `since`, those of an earlier release too. */
function dated({ gateways }: ClusterStatus): readonly (GatewayStatus & { since: string })[] {
  return gateways.map((gateway) => ({ ...gateway, since: sinceOf(gateway).toISOString() }));
}

/** Reckoned from seconds, it differs by one from call to call. */
function sinceOf({ since, uptimeSeconds }: GatewayStatus): Date {
  if (since !== undefined) return new Date(since);
  return new Date((Math.round(Date.now() / 1000) - uptimeSeconds) * 1000);
}

/** The problems come last, where they are seen. */
function printStatus(status: ClusterStatus): void {
  const { version, gateways, renamed, members, units, problems } = status;
  const tables = [
    ...[gatewayTable(status), trafficTable(gateways)],
    ...[membersTable(members), unitsTable(units)],
  ];
  const lines = [...renamed.flatMap(renamedLine), ...problems.map(({ message }) => message)];
  const parts = [...(version === 0 ? [] : tables), lines.join('\n')];
  print(parts.filter((part) => part !== '').join('\n\n'));
}

function renamedLine({ disk, volume, id, name }: RenamedVolume): readonly string[] {
  if (name === undefined) return [];
  const now = `is now called ${name}, and is still served`;
  return [`disk ${disk}: its image ${volume} with the id ${id} ${now}`];
}

/** Empty where there is no gateway, as are the others. */
function gatewayTable({ version, gateways, silentStates }: ClusterStatus): string {
  const headings = ['GATEWAY', 'STATE', 'SINCE', 'HOST', 'PORTALS', 'DISKS'];
  const rows = gateways.map((gateway) => [
    gateway.name,
    stateWords(gatewayState(gateway, version)),
    localTime(sinceOf(gateway)),
    gateway.host ?? '-',
    gateway.portals.join(' '),
    disksOf(gateway),
  ]);
  const others = silentStates.map(({ name, state, portals }) => {
    return [name, state, '-', '-', portals.join(' '), '-'];
  });
  const all = [...rows, ...others];
  return all.length === 0 ? '' : table(headings, all);
}

function trafficTable(gateways: readonly GatewayStatus[]): string {
  if (gateways.length === 0) return '';
  const headings = [
    'GATEWAY',
    'SESSIONS',
    'READ/S',
    'WRITE/S',
    'READ B/S',
    'WRITE B/S',
    'PROCESS',
    'MEMORY',
  ];
  const rows = gateways.map(({ name, sessionCount, traffic, pid, residentBytes }) => [
    name,
    String(sessionCount),
    String(traffic.readsPerSecond),
    String(traffic.writesPerSecond),
    formatBytes(traffic.bytesReadPerSecond),
    formatBytes(traffic.bytesWrittenPerSecond),
    String(pid),
    formatBytes(residentBytes),
  ]);
  return table(headings, rows);
}

function membersTable({ life, barrierEpoch, list }: MembershipStatus): string {
  if (list.length === 0) return '';
  const rows = list.map(({ name, incarnation, start, state, instances, isHolding, isDraining }) => {
    const drains = isDraining && state === 'serving';
    const states = [drains ? 'draining' : state, ...(isHolding ? ['holding'] : [])];
    return [name, incarnation, String(start), states.join(', '), String(instances)];
  });
  const members = table(['MEMBER', 'INCARNATION', 'START', 'STATE', 'INSTANCES'], rows);
  return `${members}\nlife ${life}, barrier epoch ${barrierEpoch}`;
}

/** Empty where no change of a logical unit is under way, or was a moment ago. */
function unitsTable({ marked, list }: UnitsStatus): string {
  if (list.length === 0) return '';
  const rows = list.map(({ uuid, disk, marks, event }) => [
    disk ?? uuid,
    event === undefined ? '-' : String(event.number),
    event?.author ?? '-',
    marks.join(' '),
    event === undefined ? '-' : waitWords(event.waitsFor),
  ]);
  const units = table(['UNIT', 'EVENT', 'BY', 'MARKS', 'WAITS FOR'], rows);
  return marked > list.length ? `${units}\n${marked - list.length} more are marked` : units;
}

function waitWords(waitsFor: NonNullable<MarkedUnitStatus['event']>['waitsFor']): string {
  if (waitsFor.length === 0) return 'nothing';
  return waitsFor.map(({ gateway, reason }) => `${gateway} (${reason})`).join(', ');
}

function stateWords(state: GatewayState): string {
  if (state.kind === 'servingOlder') return `serving version ${state.version}`;
  return state.kind === 'notInDocument' ? 'not in the document' : state.kind;
}

/** Those that it serves, of those that it should. */
function disksOf({ servedDisks, unserved }: GatewayStatus): string {
  if (servedDisks === undefined) return '-';
  const missing = unserved?.count ?? 0;
  return missing === 0 ? String(servedDisks) : `${servedDisks} of ${servedDisks + missing}`;
}
