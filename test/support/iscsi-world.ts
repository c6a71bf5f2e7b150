import { type Slab, SlabPool } from '../../src/base/slab-pool.ts';
import type { Authentication, Directory, Portal } from '../../src/iscsi/contracts.ts';
import { IscsiServer } from '../../src/iscsi/iscsi-server.ts';
import {
  DEFAULT_ISCSI_SETTINGS,
  FREE_SLABS_MAX,
  LOGIN_BUFFER_BYTES,
  SLAB_BYTES,
} from '../../src/iscsi/limits.ts';
import { NEGOTIATION_DEFAULTS } from '../../src/iscsi/login/negotiation-settings.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { loginRequest, MemoryStream, type PduFields, pdu, ScriptedNexus } from './iscsi-peer.ts';
import { RecordingLog } from './recording-log.ts';
import { SeededRandom } from './seeded-random.ts';
import { settle, VirtualClock } from './virtual-clock.ts';

export const TARGET = 'iqn.2026-11.io.allpath:t';
export const INITIATOR = 'iqn.2026-11.io.allpath:i';
export const NAMES = [`InitiatorName=${INITIATOR}`, `TargetName=${TARGET}`];
export const PORTAL: Portal = { address: '192.0.2.2', port: 3260, portalGroupTag: 1 };
/** CmdSN of the first command after `logIn`. */
export const FIRST_CMD_SN = 100;
export const WRITE = 0x20;
export const READ = 0x40;
export const FINAL = 0x80;

/** A pool that knows how many of its slabs are held. */
export class CountingSlabPool extends SlabPool {
  held = 0;

  constructor(slabBytes = SLAB_BYTES) {
    super(slabBytes, FREE_SLABS_MAX);
  }

  override take(): Slab {
    this.held++;
    return super.take();
  }

  override put(slab: Slab): void {
    this.held--;
    super.put(slab);
  }
}

/** What a test may change of the configuration that logins see. */
export interface Access {
  admitted: boolean;
  draining: boolean;
  /** Whether the portal is still one of this gateway. */
  portal: boolean;
  /** What initiators must prove. */
  authentication: Authentication | undefined;
  discoveryAuthentication: Authentication | undefined;
  /** Initiators that the document lists. */
  named: ReadonlySet<string>;
  /** Whether CHAP with MD5 will do. */
  md5: boolean;
}

export interface IscsiWorldOptions {
  readonly queueDepth?: number;
  readonly pendingLoginsMax?: number;
  readonly sessionsMax?: number;
  /** Undefined: each session gets a `ScriptedNexus`. */
  readonly openNexus?: () => Nexus;
  readonly clock?: VirtualClock;
}

/** An iSCSI server in memory: scripted connections, virtual time, slabs that are counted. */
export class IscsiWorld {
  readonly clock: VirtualClock;
  readonly pool = new CountingSlabPool();
  readonly loginPool = new CountingSlabPool(LOGIN_BUFFER_BYTES);
  readonly log = new RecordingLog();
  readonly nexuses: ScriptedNexus[] = [];
  readonly access: Access = {
    admitted: true,
    draining: false,
    portal: true,
    authentication: undefined,
    discoveryAuthentication: undefined,
    named: new Set(),
    md5: true,
  };
  readonly server: IscsiServer;

  constructor(options: IscsiWorldOptions = {}) {
    const { openNexus, queueDepth, pendingLoginsMax, sessionsMax } = options;
    this.clock = options.clock ?? new VirtualClock();
    this.server = new IscsiServer({
      clock: this.clock,
      random: new SeededRandom(1),
      log: this.log,
      directory: this.#directory(openNexus),
      pool: this.pool,
      loginPool: this.loginPool,
      settings: {
        ...DEFAULT_ISCSI_SETTINGS,
        ...(queueDepth === undefined ? {} : { queueDepth }),
        ...(pendingLoginsMax === undefined ? {} : { pendingLoginsMax }),
        ...(sessionsMax === undefined ? {} : { sessionsMax }),
      },
      login: { negotiation: NEGOTIATION_DEFAULTS, chap: this.access },
    });
  }

  connect(address?: string): MemoryStream {
    const stream = new MemoryStream(address);
    this.server.accept(stream, PORTAL);
    return stream;
  }

  /** A connection in full feature phase; its Login Response is taken off. */
  async logIn(
    keys: readonly string[] = [],
    fields: Partial<PduFields> = {},
    address?: string,
  ): Promise<MemoryStream> {
    const stream = this.connect(address);
    const words = { 24: FIRST_CMD_SN };
    stream.feed(loginRequest([...NAMES, ...keys], { words, ...fields }));
    await this.clock.advance(0);
    const status = stream.take()[0]?.readUInt16BE(36);
    if (status !== 0) throw new Error(`login status ${status}`);
    return stream;
  }

  /** A discovery session; its Login Response is taken off. */
  async discover(fields: Partial<PduFields> = {}): Promise<MemoryStream> {
    const stream = this.connect();
    const words = { 24: FIRST_CMD_SN };
    stream.feed(loginRequest([NAMES[0]!, 'SessionType=Discovery'], { words, ...fields }));
    await this.clock.advance(0);
    const status = stream.take()[0]?.readUInt16BE(36);
    if (status !== 0) throw new Error(`login status ${status}`);
    return stream;
  }

  get nexus(): ScriptedNexus {
    return this.nexuses.at(-1)!;
  }

  #directory(openNexus: IscsiWorldOptions['openNexus']): Directory {
    const { access, nexuses } = this;
    const open = (): Nexus => {
      if (openNexus !== undefined) return openNexus();
      const nexus = new ScriptedNexus();
      nexuses.push(nexus);
      return nexus;
    };
    return {
      listTargets: () => [{ targetName: TARGET, portals: [PORTAL] }],
      hasPortal: () => access.portal,
      findTarget: (targetName) =>
        targetName === TARGET
          ? {
              targetName,
              alias: undefined,
              relativePortIdentifier: 1,
              admit: (initiatorName) =>
                access.admitted
                  ? {
                      authentication: access.authentication,
                      isNamed: access.named.has(initiatorName),
                      openNexus: open,
                    }
                  : undefined,
            }
          : undefined,
      get discoveryAuthentication() {
        return access.discoveryAuthentication;
      },
      get draining() {
        return access.draining;
      },
    };
  }
}

/**
 * Uses the command window up with commands that end at once until `size` of them may be sent.
 * Returns the next CmdSN.
 */
export async function openWindow(
  world: IscsiWorld,
  stream: MemoryStream,
  size: number,
): Promise<number> {
  const { nexus } = world;
  const { onSubmit } = nexus;
  nexus.onSubmit = (task) => task.end(0, 0, undefined);
  let cmdSn = FIRST_CMD_SN;
  let open = 1;
  while (open < size) {
    const commands = Array.from({ length: open }, () => scsiCommand(cmdSn++, 1, FINAL, 0));
    stream.feed(Buffer.concat(commands));
    await settle();
    open = stream.take().at(-1)!.readUInt32BE(32) - cmdSn + 1;
  }
  nexus.onSubmit = onSubmit;
  nexus.submitted.length = 0;
  return cmdSn;
}

/** A SCSI Command PDU for a block of 512 bytes or none. */
export function scsiCommand(
  cmdSn: number,
  tag: number,
  flags: number,
  expected: number,
  data?: Uint8Array,
): Buffer {
  return pdu({
    opcode: 0x01,
    flags,
    tag,
    words: { 20: expected, 24: cmdSn },
    bytes: { 32: flags & WRITE ? 0x8a : 0x88 },
    ...(data === undefined ? {} : { data }),
  });
}

/** A Data-Out PDU. */
export function dataOutPdu(
  tag: number,
  targetTransferTag: number,
  dataSn: number,
  offset: number,
  data: Uint8Array,
  final: boolean,
): Buffer {
  const words = { 20: targetTransferTag, 36: dataSn, 40: offset };
  return pdu({ opcode: 0x05, flags: final ? FINAL : 0, tag, words, data });
}

/** A Task Management Function Request, immediate. */
export function taskManagement(
  name: number,
  cmdSn: number,
  tag: number,
  referencedTag: number,
  refCmdSn = 0,
): Buffer {
  const words = { 20: referencedTag, 24: cmdSn, 32: refCmdSn };
  return pdu({ opcode: 0x42, flags: FINAL | name, tag, words });
}

/** A NOP-Out that only shows that the initiator lives. */
export function signOfLife(cmdSn: number): Buffer {
  return pdu({ opcode: 0x40, tag: 0xffffffff, words: { 20: 1, 24: cmdSn } });
}
