import { assert } from '../base/assert.ts';
import { diskEvents } from './events/disks.ts';
import { gatewayEvents } from './events/gateway.ts';
import { imageEvents } from './events/images.ts';
import { membershipEvents } from './events/membership.ts';
import { recordEvents } from './events/records.ts';
import { sessionEvents } from './events/sessions.ts';
import { unitEvents } from './events/units.ts';
import type { LogEvent } from './log-event.ts';
import type { LogFieldName, LogFieldValue } from './log-fields.ts';

/** The sections of the reference page. */
export const sections: readonly LogSection[] = [
  { title: 'The gateway', events: gatewayEvents },
  { title: 'Sessions', events: sessionEvents },
  { title: 'Disks and volumes', events: diskEvents },
  { title: 'Membership and fences', events: membershipEvents },
  { title: 'Logical units', events: unitEvents },
  { title: 'Records', events: recordEvents },
  { title: 'Images on Ceph', events: imageEvents },
];

interface LogSection {
  readonly title: string;
  readonly events: Readonly<Record<string, LogEvent>>;
}

/** Every event of the log, by its name. Its page is made from this, and each line written by it. */
export const catalogue = {
  ...gatewayEvents,
  ...sessionEvents,
  ...diskEvents,
  ...membershipEvents,
  ...unitEvents,
  ...recordEvents,
  ...imageEvents,
} satisfies Readonly<Record<string, LogEvent>>;

export type LogEventName = keyof typeof catalogue;

/** The fields with which a line of an event is written. */
export type LogEventFields<Name extends LogEventName> =
  (typeof catalogue)[Name] extends LogEvent<infer Field>
    ? Required<Field> & Optional<Field>
    : never;

type Required<Field extends string> = {
  readonly [Name in Extract<Field, LogFieldName>]: LogFieldValue<Name>;
};

type Optional<Field extends string> = {
  readonly [Name in LogFieldName as `${Name}?` extends Field ? Name : never]?: LogFieldValue<Name>;
};

const names = Object.keys(catalogue);
const listed = sections.flatMap(({ events }) => Object.keys(events));
assert(
  names.every((name) => /^[a-z]+(_[a-z]+)*$/.test(name)),
  'events have names in snake_case',
);
assert(
  listed.length === names.length && listed.every((name) => name in catalogue),
  'each event has a name of its own and is in one section',
);
