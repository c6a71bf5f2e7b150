import { assert } from '../../base/assert.ts';
import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { Command, CommandCall } from '../command.ts';
import type { PortGroup } from '../nexus.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb } from '../sense-table.ts';
import {
  AsymmetricAccessState,
  ReportTargetPortGroupsCdb as Cdb,
  TargetPortGroupDescriptor as Descriptor,
  ExtendedHeader,
  MaintenanceIn,
  ParameterDataFormat,
  PortGroupStatus,
} from '../standard/spc.ts';

/** IMPLICIT TRANSITION TIME in seconds: one dead gateway delays an event by under 8 s (I8). */
const IMPLICIT_TRANSITION_TIME = 8;

/** TARGET PORT COUNT is one byte. */
const PORTS_MAX = 255;

/** REPORT TARGET PORT GROUPS: all groups over all gateways, the same through every path (I6). */
export const reportTargetPortGroupsCommand: Command = {
  name: Cdb.$.name,
  operationCode: 0xa3,
  serviceAction: MaintenanceIn.reportTargetPortGroups,
  cdb: Cdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    if (Cdb.parameterDataFormat.get(task.cdb) > ParameterDataFormat.extendedHeader) {
      return invalidInCdb(Cdb.parameterDataFormat);
    }
    return returning(Cdb.allocationLength.get(task.cdb));
  },
  run: (call) => answer(call, parameterData(call), Cdb.allocationLength.get(call.task.cdb)),
};

function parameterData({ task, nexus }: CommandCall): Uint8Array {
  const format = Cdb.parameterDataFormat.get(task.cdb);
  return new ByteWriter()
    .length32((writer) => {
      if (format === ParameterDataFormat.extendedHeader) writer.bytes(extendedHeader());
      for (const group of nexus.portGroups) writer.bytes(groupDescriptor(group));
    })
    .finish();
}

function extendedHeader(): Uint8Array {
  const header = new Uint8Array(ExtendedHeader.$.length);
  ExtendedHeader.formatType.set(header, ParameterDataFormat.extendedHeader);
  ExtendedHeader.implicitTransitionTime.set(header, IMPLICIT_TRANSITION_TIME);
  return header;
}

function groupDescriptor(group: PortGroup): Uint8Array {
  const { portGroup, state, relativePortIdentifiers } = group;
  const descriptor = new Uint8Array(Descriptor.$.length);
  const shown = relativePortIdentifiers.slice(0, PORTS_MAX);
  assert(portGroup > 0 && portGroup <= 0xffff, 'a TARGET PORT GROUP has two bytes, and is not 0');
  const altered = state !== 'activeOptimized';
  Descriptor.asymmetricAccessState.set(descriptor, AsymmetricAccessState[state]);
  Descriptor.transitioningSupported.set(descriptor, 1);
  Descriptor.unavailableSupported.set(descriptor, 1);
  Descriptor.activeOptimizedSupported.set(descriptor, 1);
  Descriptor.targetPortGroup.set(descriptor, portGroup);
  Descriptor.statusCode.set(
    descriptor,
    altered ? PortGroupStatus.alteredImplicitly : PortGroupStatus.none,
  );
  Descriptor.targetPortCount.set(descriptor, shown.length);
  const writer = new ByteWriter().bytes(descriptor);
  for (const identifier of shown) {
    assert(identifier > 0 && identifier <= 0xffff, 'a port identifier has two bytes, and is not 0');
    writer.zeros(2).u16(identifier);
  }
  return writer.finish();
}
