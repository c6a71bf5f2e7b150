import { portalText } from '../../base/portal-text.ts';
import { errorText } from '../../base/system-reason.ts';
import type { ClusterDocument, Disk } from '../../config/document.ts';
import { isOver, type MembershipView } from '../../membership/membership.ts';
import { initiatorPort } from '../../scsi/reservations/initiator-port.ts';
import { reservationsAfterFence, reservationsInLife } from '../../scsi/reservations/life.ts';
import { type NexusName, targetPortOf } from '../../scsi/reservations/nexus-name.ts';
import {
  isHolder,
  NO_RESERVATIONS,
  type Reservations,
  ReservationType,
} from '../../scsi/reservations/reservations.ts';
import { UnitRecords } from '../../units/unit-records.ts';
import type { ControlContext } from '../control-context.ts';
import { requireDisk } from '../disks/document-disks.ts';
import { readDocument } from '../document/document-record.ts';
import { listSessions, type SessionList } from '../list-sessions.ts';

/** How many records are read at a time. */
const READS_MAX = 16;

interface ReservationList extends Pick<SessionList, 'silent'> {
  /** In the order of the document; without a name of a disk: those of which something is kept. */
  readonly disks: readonly DiskReservations[];
}

export interface DiskReservations {
  readonly disk: string;
  /** Why they cannot be read; the rest is empty then. */
  readonly problem?: string;
  /** PRGENERATION. */
  readonly generation: number;
  /** Registrations and the persistent reservation outlast the last gateway. */
  readonly aptpl: boolean;
  readonly registrations: readonly ListedRegistration[];
  /** The type of the persistent reservation. */
  readonly persistent?: keyof typeof ReservationType;
  /** The nexus that holds the unit by RESERVE (SPC-2). */
  readonly reserve?: ListedNexus;
}

export interface ListedNexus {
  /** The iSCSI name; the TransportID in hex digits of another transport's port. */
  readonly initiator: string;
  readonly isid?: string;
  /** RELATIVE TARGET PORT IDENTIFIER. */
  readonly targetPort: number;
  /** Of the document, if it has the port. */
  readonly portal?: string;
  /** Where the nexus is logged in now. */
  readonly gateway?: string;
}

export interface ListedRegistration extends ListedNexus {
  /** 16 hex digits. */
  readonly key: string;
  /** It holds the persistent reservation, alone or with others. */
  readonly isHolder: boolean;
}

type ReservationsContext = Pick<ControlContext, 'records' | 'membership' | 'clock'>;

/**
 * The reservations of one disk, or of all, as an initiator would read them now. Rejects with
 * `diskNotFound`.
 */
export async function listReservations(
  context: ReservationsContext,
  name?: string,
): Promise<ReservationList> {
  const document = (await readDocument(context.records))?.document;
  const wanted = name === undefined ? (document?.disks ?? []) : [requireDisk(document, name)];
  const { sessions, silent } = await listSessions(context);
  const view = await context.membership.read();
  const ports = { document, sessions };
  const disks: DiskReservations[] = [];
  for (let at = 0; at < wanted.length; at += READS_MAX) {
    const some = wanted.slice(at, at + READS_MAX);
    disks.push(...(await Promise.all(some.map((disk) => readDisk(context, disk, view, ports)))));
  }
  return { disks: name === undefined ? disks.filter(isKept) : disks, silent };
}

function isKept({ problem, registrations, reserve }: DiskReservations): boolean {
  return problem !== undefined || registrations.length > 0 || reserve !== undefined;
}

interface Ports extends Pick<SessionList, 'sessions'> {
  readonly document: ClusterDocument | undefined;
}

async function readDisk(
  { records, clock }: ReservationsContext,
  { name, uuid }: Disk,
  view: MembershipView,
  ports: Ports,
): Promise<DiskReservations> {
  try {
    const unitRecords = new UnitRecords({ records, mayUse: () => true, clock });
    const stored = await unitRecords.read(uuid);
    const kept = stored?.record.state.reservations ?? NO_RESERVATIONS;
    return listed(name, asOfNow(kept, view), ports);
  } catch (error) {
    return { ...listed(name, NO_RESERVATIONS, ports), problem: errorText(error) };
  }
}

/** Where no gateway serves, the next one that does begins another life. */
function asOfNow(kept: Reservations, view: MembershipView): Reservations {
  const isServed = view.members.some(({ state }) => state === 'serving');
  const state = reservationsInLife(kept, isServed ? view.life : view.life + 1);
  const { reserve } = state;
  if (reserve === undefined) return state;
  const author = view.members.find(({ incarnation }) => incarnation === reserve.incarnation);
  const isLost = author === undefined || isOver(view, author);
  return isLost ? reservationsAfterFence(state, reserve.incarnation) : state;
}

function listed(disk: string, state: Reservations, ports: Ports): DiskReservations {
  const { generation, aptpl, registrations, persistent, reserve } = state;
  return {
    ...{ disk, generation, aptpl },
    registrations: [...registrations].map(([nexus, key]) => ({
      ...listedNexus(nexus, ports),
      key,
      isHolder: isHolder(state, nexus),
    })),
    ...(persistent === undefined ? {} : { persistent: typeName(persistent.type) }),
    ...(reserve === undefined ? {} : { reserve: listedNexus(reserve.nexus, ports) }),
  };
}

function typeName(type: ReservationType): keyof typeof ReservationType {
  const names = Object.keys(ReservationType) as (keyof typeof ReservationType)[];
  return names.find((name) => ReservationType[name] === type)!;
}

function listedNexus(nexus: NexusName, { document, sessions }: Ports): ListedNexus {
  const targetPort = targetPortOf(nexus);
  const { name, isid } = portParts(nexus);
  const portal = document?.gateways
    .flatMap(({ portals }) => portals)
    .find(({ relativePortIdentifier }) => relativePortIdentifier === targetPort);
  const session = sessions.find(
    (each) => each.targetPort === targetPort && each.initiator === name && each.isid === isid,
  );
  return {
    initiator: name,
    ...(isid === undefined ? {} : { isid }),
    targetPort,
    ...(portal === undefined ? {} : { portal: portalText(portal) }),
    ...(session === undefined ? {} : { gateway: session.gateway }),
  };
}

function portParts(nexus: NexusName): { readonly name: string; readonly isid?: string } {
  const { kind, name, isid } = initiatorPort(nexus);
  return kind === 'other' ? { name } : { name: Buffer.from(name, 'hex').toString(), isid };
}
