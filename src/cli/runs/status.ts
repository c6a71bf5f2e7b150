import { decodeMessage, type GatewayStatus, STATUS_CHANNEL } from '../../gateway/channels.ts';
import { readDocument } from '../../gateway/document-record.ts';
import {
  type MembersStatus,
  membersStatus,
  type SilentGateway,
  silentGateway,
} from '../../gateway/members-status.ts';
import { MembersObject } from '../../members/members-object.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { formatBytes, print, printJson, table } from '../output.ts';
import { storeOf } from '../store-options.ts';
import { withStore } from '../tool-store.ts';

const ANSWER_TIMEOUT_MS = 2_000;

export async function runStatus(call: CliCall): Promise<number> {
  return await withStore(
    { location: storeOf(call), create: false, reads: true },
    async (store, { clock, random }) => {
      const current = await readDocument(store.records);
      const question = new Uint8Array();
      const { answers, missing } = await store.records.notify(
        STATUS_CHANNEL,
        question,
        ANSWER_TIMEOUT_MS,
      );
      const gateways = answers
        .flatMap(({ payload }) => decodeMessage<GatewayStatus>(payload) ?? [])
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const running = new Set(gateways.map(({ name }) => name));
      const silent = (current?.document.gateways ?? [])
        .map(({ name }) => name)
        .filter((name) => !running.has(name));
      const version = current?.version ?? 0;
      // Of those, who runs all the same: stopped, or too busy to answer.
      const stuck = missing.map(({ name }) => name).filter((name) => !running.has(name));
      const { records } = store;
      const members = membersStatus(await new MembersObject({ records, clock, random }).read());
      const silentStates = silent.map((name) => silentGateway(members, name, stuck.includes(name)));
      const figures = { version, gateways, silent, silentStates, stuck, members };
      if (call.json) printJson({ store: store.location, ...figures });
      else {
        printTable(version, gateways, silentStates);
        printFullDisks(gateways);
        printUnservedDisks(gateways);
        printMembers(members);
      }
      return gateways.every(servesAll) ? ExitCode.ok : ExitCode.failure;
    },
  );
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

/** Once for each disk and reason: mostly no gateway can serve it, all for one reason. */
function printUnservedDisks(gateways: readonly GatewayStatus[]): void {
  const names = new Map<string, string[]>();
  for (const { name, unservedDisks = [] } of gateways) {
    for (const { disk, reason } of unservedDisks) {
      const line = `${disk}\n${reason}`;
      names.set(line, [...(names.get(line) ?? []), name]);
    }
  }
  for (const line of [...names.keys()].sort()) {
    const at = line.indexOf('\n');
    const [disk, reason] = [line.slice(0, at), line.slice(at + 1)];
    print(`disk ${disk}: not served by ${names.get(line)!.join(', ')}:\n${reason}`);
  }
}

function servesAll({ unservedDisks = [] }: GatewayStatus): boolean {
  return unservedDisks.length === 0;
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
