import type { LogLevel } from '../../log/log-event.ts';
import type { CommandSpec } from '../command-spec.ts';
import {
  addressValue,
  blockLengthValue,
  numberValue,
  sizeValue,
  textValue,
  wordValue,
} from '../option-values.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] satisfies LogLevel[];
/** Gateways of a demo; each is a process. */
const DEMO_GATEWAYS_MAX = 16;
const DEMO_OSDS_MAX = 16;

export const serveCommands: readonly CommandSpec[] = [
  {
    path: ['demo'],
    summary: 'Serve one disk through several gateways on this machine.',
    detail:
      'Prints the portals, and the commands for initiators; then "ready", alone on a line, ' +
      'when every portal accepts logins. A gateway that ends is restarted. Ends on Ctrl-C.\n' +
      'Without --store or --ceph, the store is a temporary folder that is removed at ' +
      'the end; with --throwaway-ceph, it is a pool of a Ceph cluster that runs as long as the ' +
      'demo (Debian: ceph-mon, ceph-osd).',
    options: [
      { flags: '--size <size>', description: 'Size of the disk.', default: '1G', parse: sizeValue },
      {
        flags: '--gateways <count>',
        description: 'Number of gateway processes.',
        default: '2',
        parse: numberValue(1, DEMO_GATEWAYS_MAX),
      },
      {
        flags: '--port <port>',
        description: 'Port of the first gateway; the others follow.',
        default: '3260',
        parse: numberValue(1, 65535),
      },
      {
        flags: '--listen <address>',
        description: 'Address that gateways listen on.',
        default: '127.0.0.1',
        parse: addressValue,
      },
      {
        flags: '--blocks <bytes>',
        description: 'Length of a logical block: 512 or 4096.',
        default: '512',
        parse: blockLengthValue,
      },
      {
        flags: '--target <iqn>',
        description: 'iSCSI name of the target.',
        default: 'iqn.2026-11.io.allpath:demo',
        parse: textValue,
      },
      { flags: '--throwaway-ceph', description: 'Start a Ceph cluster for the store.' },
      {
        flags: '--osds <count>',
        description: 'With --throwaway-ceph: number of OSDs.',
        default: '1',
        parse: numberValue(1, DEMO_OSDS_MAX),
      },
    ],
    needsStore: false,
    load: async () => (await import('../runs/demo.ts')).runDemo,
  },
  {
    path: ['fence'],
    summary: 'Fence a gateway: nothing that it has begun can take effect afterwards.',
    detail:
      'Another gateway does it, so at least one must serve. On Ceph, the fenced ' +
      'gateway drops its sessions, and serves again by itself after a while if it can. On a ' +
      'folder, the gateway is killed, and its supervisor restarts it.',
    arguments: [{ name: 'name', description: 'Name of the gateway.', parse: textValue }],
    needsStore: true,
    load: async () => (await import('../runs/fence.ts')).runFence,
  },
  {
    path: ['gateway'],
    summary: 'Run one gateway of the document until it is told to stop.',
    detail:
      'On SIGTERM, SIGINT or SIGHUP it asks its initiators to log out, waits a while, and ends.',
    options: [
      { flags: '--name <name>', description: 'Name of the gateway.', parse: textValue },
      {
        flags: '--log-level <level>',
        description: 'debug, info, warn or error. The log is lines of JSON on standard error.',
        default: 'info',
        parse: wordValue(LOG_LEVELS),
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/gateway.ts')).runGateway,
  },
  {
    path: ['status'],
    summary: 'Show the gateways, their portals, sessions and traffic; fail if anything is wrong.',
    detail:
      'Ends with exit code 1 and prints one line per problem: no document, or one without ' +
      'gateways; a gateway of the document that does not serve, or serves an older version; a ' +
      'disk that a gateway cannot serve, with the reason; a store or pool that is full, or used ' +
      'to softThresholdPercent. Also names images whose name differs from the one in the ' +
      'document, and logical units with a change under way: its number (EVENT), the ' +
      'gateway that made it (BY), those that have marked the unit, and what it waits for.',
    needsStore: true,
    load: async () => (await import('../runs/status.ts')).runStatus,
  },
];
