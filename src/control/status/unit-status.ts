import { errorText } from '../../base/system-reason.ts';
import type { ClusterDocument } from '../../config/document.ts';
import {
  isOpen,
  isOver,
  type MemberState,
  type MembershipView,
} from '../../membership/membership.ts';
import { isSettled, type UnitRecord } from '../../units/unit-record.ts';
import { UnitRecords } from '../../units/unit-records.ts';
import { type GatewayStatus, STATUS_MARKS_MAX } from '../channels.ts';
import type { ControlContext } from '../control-context.ts';

/** Logical units that may have an event which is not settled. */
export interface UnitsStatus {
  readonly marked: number;
  /** The first `STATUS_MARKS_MAX` of them: of more the gateways tell nothing. */
  readonly list: readonly MarkedUnitStatus[];
}

export interface MarkedUnitStatus {
  readonly uuid: string;
  /** Absent if the document has no disk of that uuid. */
  readonly disk?: string;
  /** The members that have marked it. */
  readonly marks: readonly string[];
  /** The last event, if it is not settled. */
  readonly event?: UnsettledEvent;
  /** Why its record cannot be read. */
  readonly problem?: string;
}

interface UnsettledEvent {
  readonly number: number;
  /** The gateway that committed it. */
  readonly author: string;
  /** Whose commands it aborts: nobody's, everybody's, or those of so many nexuses. */
  readonly aborts: 'nothing' | 'everything' | number;
  readonly attentions: readonly string[];
  /** Gateways that do not enforce it yet. Empty: it is about to be settled. */
  readonly waitsFor: readonly AwaitedGateway[];
}

interface AwaitedGateway {
  readonly gateway: string;
  readonly reason: 'not acknowledged' | 'fence not finished';
}

/** A marked unit as its record has it. */
interface MarkedUnit extends Pick<MarkedUnitStatus, 'uuid' | 'problem'> {
  readonly record?: UnitRecord;
}

/** Reads the records of marked units; before the gateways are asked which events they enforce. */
export async function readMarkedUnits(
  { records, clock }: Pick<ControlContext, 'records' | 'clock'>,
  { marks }: MembershipView,
): Promise<readonly MarkedUnit[]> {
  const unitRecords = new UnitRecords({ records, mayUse: () => true, clock });
  const uuids = [...new Set(marks.map(({ unit }) => unit))].slice(0, STATUS_MARKS_MAX);
  return await Promise.all(
    uuids.map(async (uuid): Promise<MarkedUnit> => {
      try {
        const stored = await unitRecords.read(uuid);
        return stored === undefined ? { uuid } : { uuid, record: stored.record };
      } catch (error) {
        return { uuid, problem: errorText(error) };
      }
    }),
  );
}

interface UnitsFindings {
  readonly units: readonly MarkedUnit[];
  readonly document: ClusterDocument | undefined;
  readonly gateways: readonly GatewayStatus[];
  /** As of after the gateways were asked. */
  readonly view: MembershipView;
}

export function unitsStatus({ units, document, gateways, view }: UnitsFindings): UnitsStatus {
  const disks = new Map(document?.disks.map(({ uuid, name }) => [uuid, name]));
  const list = units.flatMap(({ uuid, record, problem }): MarkedUnitStatus[] => {
    const marks = view.marks.filter(({ unit }) => unit === uuid).map(({ author }) => author.name);
    const disk = disks.get(uuid);
    const isPending = record !== undefined && !isSettled(record);
    if (marks.length === 0 && problem === undefined) return [];
    return [
      {
        ...{ uuid, marks },
        ...(disk === undefined ? {} : { disk }),
        ...(problem === undefined ? {} : { problem }),
        ...(isPending ? { event: unsettled(uuid, record, gateways, view) } : {}),
      },
    ];
  });
  return { marked: new Set(view.marks.map(({ unit }) => unit)).size, list };
}

function unsettled(
  uuid: string,
  { number, last }: UnitRecord,
  gateways: readonly GatewayStatus[],
  view: MembershipView,
): UnsettledEvent {
  const { aborts = 'nothing', attentions = [] } = last?.event ?? {};
  const waitsFor = view.members.flatMap((member): AwaitedGateway[] => {
    const { name: gateway } = member;
    if (isOver(view, member) || !member.enforcesEvents) return [];
    if (!isOpen(member)) return [{ gateway, reason: 'fence not finished' }];
    if (enforces(member, uuid, number, gateways)) return [];
    return [{ gateway, reason: 'not acknowledged' }];
  });
  return {
    ...{ number, author: last?.author.name ?? '' },
    aborts: typeof aborts === 'string' ? aborts : aborts.length,
    attentions: attentions.map(({ condition }) => condition),
    waitsFor,
  };
}

/** By its heartbeat, or by its answer: one that does not have the unit waits with nothing. */
function enforces(
  member: MemberState,
  uuid: string,
  number: number,
  gateways: readonly GatewayStatus[],
): boolean {
  if ((member.heartbeat.acknowledged.get(uuid) ?? -1) >= number) return true;
  const enforced = gateways.find(({ name }) => name === member.name)?.enforced;
  return enforced !== undefined && (enforced[uuid] ?? number) >= number;
}
