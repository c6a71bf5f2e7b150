import { FreeList } from '../../src/base/free-list.ts';
import { DataBudget } from '../../src/iscsi/data-budget.ts';
import { DiscoveryService } from '../../src/iscsi/discovery.ts';
import { IscsiTask } from '../../src/iscsi/iscsi-task.ts';
import { SEND_QUEUE_BYTES_MAX } from '../../src/iscsi/limits.ts';
import type { SessionParameters } from '../../src/iscsi/login/session-parameters.ts';
import { Session } from '../../src/iscsi/session.ts';
import { Pdu } from '../../src/iscsi/wire/pdu.ts';
import { SendQueue } from '../../src/iscsi/wire/send-queue.ts';
import { MemoryStream, ScriptedNexus } from './iscsi-peer.ts';
import { CountingSlabPool, FIRST_CMD_SN, INITIATOR, PORTAL, TARGET } from './iscsi-world.ts';
import { VirtualClock } from './virtual-clock.ts';

const PARAMETERS: SessionParameters = {
  sessionType: 'normal',
  initiatorMaxRecvDataSegmentLength: 8192,
  targetMaxRecvDataSegmentLength: 262_144,
  maxBurstLength: 16_384,
  firstBurstLength: 8192,
  initialR2t: false,
  immediateData: true,
  maxOutstandingR2t: 1,
  maxConnections: 1,
  dataPduInOrder: true,
  dataSequenceInOrder: true,
  defaultTime2Wait: 2,
  defaultTime2Retain: 0,
  errorRecoveryLevel: 0,
  headerDigest: false,
  dataDigest: false,
  protocolLevel: 1,
  taskReporting: 'RFC3720',
};

export interface SessionPartsOptions {
  readonly parameters?: Partial<SessionParameters>;
  readonly queueDepth?: number;
  readonly isDiscovery?: boolean;
  readonly clock?: VirtualClock;
}

/** A session without a connection: what it sends is in `stream`. */
export class SessionParts {
  readonly clock: VirtualClock;
  readonly pool = new CountingSlabPool();
  readonly stream = new MemoryStream();
  readonly budget: DataBudget;
  readonly nexus = new ScriptedNexus();
  readonly tasks: FreeList<IscsiTask> = new FreeList(16, () => new IscsiTask(this.tasks));
  readonly queue: SendQueue;
  readonly session: Session;

  constructor(options: SessionPartsOptions = {}) {
    const { parameters, queueDepth = 8, isDiscovery = false } = options;
    this.clock = options.clock ?? new VirtualClock();
    this.budget = new DataBudget(this.pool, this.clock);
    this.queue = new SendQueue(this.stream, this.pool, this.clock);
    const negotiated = { ...PARAMETERS, ...parameters };
    const directory = {
      listTargets: () => [],
      hasPortal: () => true,
      findTarget: () => undefined,
      discoveryAuthentication: undefined,
      draining: false,
    };
    const scope = { directory, initiatorName: INITIATOR, ownTarget: TARGET };
    this.session = new Session({
      identity: {
        initiatorName: INITIATOR,
        targetName: TARGET,
        proof: undefined,
        isid: '400000000001',
        portalGroupTag: PORTAL.portalGroupTag,
        tsih: 1,
        cid: 7,
      },
      parameters: negotiated,
      nexus: isDiscovery ? undefined : this.nexus,
      discovery: new DiscoveryService(scope, this.clock),
      queue: this.queue,
      account: this.budget.open(negotiated.firstBurstLength, 'peer', INITIATOR),
      clock: this.clock,
      queueDepth,
      cmdSn: FIRST_CMD_SN,
      statSn: 1,
    });
    this.queue.usePool(this.session.account, SEND_QUEUE_BYTES_MAX);
  }

  /** A task in use, which has taken its place in the window. */
  begin(tag: number, fields: Partial<Pick<IscsiTask, ExpectedField>> = {}): IscsiTask {
    const { session } = this;
    const task = this.tasks.take();
    session.window.advance();
    task.begin(session, false);
    task.tag = tag;
    task.cdbLength = 16;
    task.dataOutExpected = fields.dataOutExpected ?? 0;
    task.dataInExpected = fields.dataInExpected ?? 0;
    task.bidirectional = fields.bidirectional ?? false;
    this.nexus.submit(task);
    return task;
  }
}

type ExpectedField = 'dataOutExpected' | 'dataInExpected' | 'bidirectional';

/** A PDU as the reader hands it over, in a buffer of its own. */
export function received(bytes: Buffer): Pdu {
  const found = new Pdu();
  const dataLength = bytes.readUIntBE(5, 3);
  found.bytes = bytes;
  found.dataLength = dataLength;
  if (dataLength === 0) return found;
  found.data.push(new Uint8Array(bytes.subarray(48, 48 + dataLength)));
  found.slabs.push(undefined);
  return found;
}
