import { assert } from '../base/assert.ts';
import { type Metric, metric } from './metric.ts';

/** Every metric of a gateway. The reference page and all output of metrics are made from this. */
export const catalogue = {
  commands: metric({
    name: 'allpath_commands_total',
    kind: 'counter',
    unit: 'commands',
    help:
      'Commands that ended with a status, by access: they `read` or `write` the medium, or do ' +
      'neither (`other`)',
    labels: ['access'],
  }),
  commandBytes: metric({
    name: 'allpath_command_bytes_total',
    kind: 'counter',
    unit: 'bytes',
    help: 'Data of commands that `read` or `write` the medium, transferred to or from initiators',
    labels: ['access'],
  }),
  commandsAborted: metric({
    name: 'allpath_commands_aborted_total',
    kind: 'counter',
    unit: 'commands',
    help: 'Commands that ended without a status, because of an abort, a reset or a lost session',
    labels: [],
  }),
  diskCommands: metric({
    name: 'allpath_disk_commands_total',
    kind: 'counter',
    unit: 'commands',
    help: 'Commands that ended with a status',
    labels: ['disk', 'command'],
  }),
  diskErrors: metric({
    name: 'allpath_disk_command_errors_total',
    kind: 'counter',
    unit: 'commands',
    help: 'Commands that ended with a status other than GOOD',
    labels: ['disk', 'command', 'status'],
  }),
  diskSeconds: metric({
    name: 'allpath_disk_command_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time from the arrival of a command to its status; one in 16 is measured',
    labels: ['disk', 'command'],
  }),
  volumeOperations: metric({
    name: 'allpath_volume_operations_total',
    kind: 'counter',
    unit: 'operations',
    help: 'Operations that were submitted to a volume',
    labels: ['volume', 'operation'],
  }),
  volumeBytes: metric({
    name: 'allpath_volume_bytes_total',
    kind: 'counter',
    unit: 'bytes',
    help: 'Bytes covered by the submitted operations',
    labels: ['volume', 'operation'],
  }),
  volumeSeconds: metric({
    name: 'allpath_volume_operation_seconds',
    kind: 'histogram',
    unit: 'seconds',
    help: 'Time of operations on a volume; of reads and writes one in 16 is measured',
    labels: ['volume', 'operation'],
  }),
} satisfies Readonly<Record<string, Metric>>;

const names = Object.values(catalogue).map(({ name }) => name);
assert(new Set(names).size === names.length, 'each metric has a name of its own');
