import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Clock, sleep } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import type { Random } from '../../src/base/random.ts';
import { type ConfLines, cephConf, monAddresses, type OsdBackend } from './ceph-conf.ts';
import { CephDaemon } from './ceph-daemon.ts';
import {
  type Capabilities,
  type CephCipher,
  type CephKey,
  isCephCipher,
  keyringText,
  makeCephKey,
} from './ceph-key.ts';
import type { CephProgram, CephPrograms } from './ceph-programs.ts';
import { MonClient } from './mon-client.ts';
import type { PortClaim } from './port-claim.ts';
import { runCephProgram } from './program-run.ts';

const POLL_MS = 10;
/** Names of monitors; only the first is used unless more are requested. */
export const MON_NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const MGR = 'x';

const ADMIN_CAPS = { mon: 'allow *', osd: 'allow *', mgr: 'allow *' };
const MGR_CAPS = { mon: 'allow profile mgr', osd: 'allow *' };
const OSD_CAPS = { mon: 'allow profile osd', mgr: 'allow profile osd', osd: 'allow *' };

/** The complete configuration of a cluster. */
export interface ClusterPlan {
  readonly folder: string;
  readonly address: string;
  readonly ports: PortClaim;
  readonly programs: CephPrograms;
  readonly mons: number;
  readonly osds: number;
  readonly backend: OsdBackend;
  readonly osdSizeBytes: number;
  readonly mgr: boolean;
  readonly lines: ConfLines;
  readonly clock: Clock;
  readonly random: Random;
  readonly limitMs: number;
  readonly onProgress: (text: string) => void;
}

/** The daemons of a cluster, and the client of its monitor. */
export interface ClusterParts {
  readonly mons: readonly CephDaemon[];
  readonly osds: readonly CephDaemon[];
  readonly mgr: CephDaemon | undefined;
  readonly monClient: MonClient;
}

export function daemonsOf({ mons, osds, mgr }: ClusterParts): readonly CephDaemon[] {
  return [...mons, ...osds, ...(mgr === undefined ? [] : [mgr])];
}

/** Makes the parts; only the client of the monitor runs yet. */
export function clusterParts(plan: ClusterPlan): ClusterParts {
  const { osds, mgr } = plan;
  return {
    mons: monNames(plan).map((name) => daemonOf(plan, 'ceph-mon', 'mon', name)),
    osds: Array.from({ length: osds }, (_, i) => daemonOf(plan, 'ceph-osd', 'osd', String(i))),
    mgr: mgr ? daemonOf(plan, 'ceph-mgr', 'mgr', MGR) : undefined,
    monClient: new MonClient(confOf(plan.folder)),
  };
}

function monNames({ mons }: ClusterPlan): readonly string[] {
  return MON_NAMES.slice(0, mons);
}

function daemonOf(
  { folder, programs, clock }: ClusterPlan,
  program: CephProgram,
  kind: string,
  id: string,
): CephDaemon {
  const name = `${kind}.${id}`;
  return new CephDaemon({
    name,
    program: programs.get(program)!,
    args: ['-i', id, '-c', confOf(folder), '-f'],
    outputFile: join(folder, 'log', `${name}.out`),
    logFile: join(folder, 'log', `${name}.log`),
    adminSocket: join(folder, 'run', `${name}.asok`),
    clock,
  });
}

export function confOf(folder: string): string {
  return join(folder, 'ceph.conf');
}

export function keyringOf(folder: string, entity: string): string {
  return join(folder, 'keys', `${entity}.keyring`);
}

/** Makes the stores of the daemons and starts them; resolves when all OSDs are up. */
export async function startCluster(plan: ClusterPlan, parts: ClusterParts): Promise<void> {
  const { onProgress, clock, limitMs } = plan;
  const deadline = clock.now() + limitMs;
  const fsid = randomUUID();
  onProgress('making the stores of the daemons');
  const monmap = join(plan.folder, 'monmap');
  const cipher = await makeMonmap(plan, fsid, monmap);
  await writeFiles(plan, fsid, cipher);
  const uuids = parts.osds.map(() => randomUUID());
  const osdStores = uuids.map((uuid, id) => makeOsdStore(plan, monmap, id, uuid));
  // Otherwise a failure of these, while the monitor starts, would be an unhandled rejection.
  for (const made of osdStores) made.catch(() => {});
  await Promise.all(monNames(plan).map((name) => makeMonStore(plan, monmap, name)));
  onProgress(`starting ${plan.mons === 1 ? 'the monitor' : `${plan.mons} monitors`}`);
  await Promise.all(parts.mons.map((mon) => mon.start()));
  await Promise.all(
    parts.mons.map((mon, index) => portOpen(plan, mon, plan.ports.first + index, deadline)),
  );
  const ask = askWithin(parts, deadline, clock);
  for (const [id, uuid] of uuids.entries()) await ask({ prefix: 'osd new', uuid, id });
  await Promise.all(osdStores);
  onProgress(`starting ${plan.osds === 1 ? 'the OSD' : `${plan.osds} OSDs`}`);
  await Promise.all(parts.osds.map((osd) => osd.start()));
  await parts.mgr?.start();
  await osdsUp(parts, plan.osds, deadline, clock);
}

/** Resolves when that many OSDs are up in the monitor's map. */
export async function osdsUp(
  parts: ClusterParts,
  count: number,
  deadline: number,
  clock: Clock,
): Promise<void> {
  const ask = askWithin(parts, deadline, clock);
  for (;;) {
    const answer = await ask({ prefix: 'osd stat', format: 'json' });
    const { num_up_osds: up } = JSON.parse(answer) as { num_up_osds: number };
    if (up >= count) return;
    requireRunning(parts);
    if (clock.now() > deadline) {
      throw new Failure('cephStartFailed', `only ${up} of ${count} OSDs came up in time`);
    }
    await sleep(clock, POLL_MS);
  }
}

function askWithin({ monClient }: ClusterParts, deadline: number, clock: Clock) {
  return (command: Parameters<MonClient['ask']>[0]) =>
    monClient.ask(command, Math.max(1, deadline - clock.now()));
}

function requireRunning(parts: ClusterParts): void {
  for (const daemon of daemonsOf(parts)) {
    if (!daemon.isRunning) {
      throw new Failure('cephStartFailed', `${daemon.name} has ended`, { daemon: daemon.name });
    }
  }
}

/** Makes the first map of the monitors; returns the cipher of the keys that they will accept. */
async function makeMonmap(plan: ClusterPlan, fsid: string, monmap: string): Promise<CephCipher> {
  const addresses = monAddresses(plan).flatMap((each, i) => ['--addv', MON_NAMES[i]!, each]);
  const args = ['--create', '--print', '--fsid', fsid, ...addresses, monmap];
  const printed = await runCephProgram(plan.programs.get('monmaptool')!, args, plan.limitMs);
  // Releases with only one cipher do not name it.
  const cipher = /^auth_preferred_cipher (\S+)$/m.exec(printed)?.[1] ?? 'aes';
  if (isCephCipher(cipher)) return cipher;
  throw new Failure('cephStartFailed', `this release of Ceph needs unknown keys: ${cipher}`);
}

async function writeFiles(plan: ClusterPlan, fsid: string, cipher: CephCipher): Promise<void> {
  const { folder, osds, random } = plan;
  const folders = ['keys', 'run', 'log', 'crash', 'mgr'];
  const monFolders = monNames(plan).map((name) => `mon.${name}`);
  const osdFolders = Array.from({ length: osds }, (_, i) => `osd.${i}`);
  await Promise.all(
    [...folders, ...monFolders, ...osdFolders].map((name) => mkdir(join(folder, name))),
  );
  const poolSize = Math.min(osds, 3);
  await writeFile(confOf(folder), cephConf({ ...plan, fsid, poolSize }));
  // A monitor refuses a key whose time of creation is in the future by its clock; 0 never is.
  const made = { cipher, createdSeconds: 0 };
  const keyOf = (entity: string, caps: Capabilities) => makeCephKey(entity, caps, random, made);
  const keys: readonly CephKey[] = [
    keyOf('mon.', { mon: 'allow *' }),
    keyOf('client.admin', ADMIN_CAPS),
    keyOf(`mgr.${MGR}`, MGR_CAPS),
    ...osdFolders.map((entity) => keyOf(entity, OSD_CAPS)),
  ];
  const write = (file: string, text: string) => writeFile(file, text, { mode: 0o600 });
  await write(monKeysOf(folder), keyringText(keys));
  await Promise.all(keys.map((key) => write(keyringOf(folder, key.entity), keyringText([key]))));
}

/** The initial keys of the monitor. */
function monKeysOf(folder: string): string {
  return join(folder, 'mon.keyring');
}

async function makeMonStore(plan: ClusterPlan, monmap: string, name: string): Promise<void> {
  const { folder, programs, limitMs } = plan;
  const files = ['--monmap', monmap, '--keyring', monKeysOf(folder)];
  const args = ['--mkfs', '-i', name, '-c', confOf(folder), ...files];
  await runCephProgram(programs.get('ceph-mon')!, args, limitMs);
}

async function makeOsdStore(
  { folder, programs, limitMs }: ClusterPlan,
  monmap: string,
  id: number,
  uuid: string,
): Promise<void> {
  // The monitor may not be up yet.
  const files = ['--no-mon-config', '--monmap', monmap, '--osd-uuid', uuid];
  const args = ['--mkfs', '-i', String(id), '-c', confOf(folder), ...files];
  await runCephProgram(programs.get('ceph-osd')!, args, limitMs);
}

/** Before that, the client would wait longer and longer between its attempts to connect. */
async function portOpen(
  { address, clock }: ClusterPlan,
  mon: CephDaemon,
  port: number,
  deadline: number,
): Promise<void> {
  while (!(await accepts(address, port))) {
    if (!mon.isRunning) throw new Failure('cephStartFailed', `${mon.name} has ended`);
    if (clock.now() > deadline) {
      throw new Failure('cephStartFailed', `${mon.name} does not listen in time`);
    }
    await sleep(clock, POLL_MS);
  }
}

function accepts(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
