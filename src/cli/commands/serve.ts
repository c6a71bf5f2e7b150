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
    summary: 'Serve one disk through several gateways of this machine.',
    detail:
      'Prints the portals, and what to paste into initiators; then "ready", alone on a line, ' +
      'when every portal accepts logins. Gateways that end are started again. Ends on Ctrl-C.\n' +
      'Without --store or --ceph the store is a temporary folder, removed at the end; with ' +
      '--throwaway-ceph a pool of a Ceph cluster that lives as long as the demo does (Debian: ' +
      'ceph-mon, ceph-osd).',
    options: [
      { flags: '--size <size>', description: 'Size of the disk.', default: '1G', parse: sizeValue },
      {
        flags: '--gateways <count>',
        description: 'How many gateway processes.',
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
      { flags: '--throwaway-ceph', description: 'Bring up a Ceph cluster for the store.' },
      {
        flags: '--osds <count>',
        description: 'With --throwaway-ceph: how many OSDs.',
        default: '1',
        parse: numberValue(1, DEMO_OSDS_MAX),
      },
    ],
    needsStore: false,
    load: async () => (await import('../runs/demo.ts')).runDemo,
  },
  {
    path: ['fence'],
    summary: 'Have a gateway fenced: nothing that it has begun is seen done later.',
    detail:
      'The other gateways do it, so at least one must serve. On Ceph the fenced ' +
      'gateway drops its sessions, and serves again by itself after a while if it can. That of a ' +
      'folder is killed, and whatever supervises it starts it again.',
    arguments: [{ name: 'name', description: 'Name of the gateway.', parse: textValue }],
    needsStore: true,
    load: async () => (await import('../runs/fence.ts')).runFence,
  },
  {
    path: ['gateway'],
    summary: 'Run one gateway of the document, until it is told to end.',
    detail: 'SIGTERM, SIGINT and SIGHUP ask the initiators to log out, wait a while, and end it.',
    options: [
      { flags: '--name <name>', description: 'Name of the gateway.', parse: textValue },
      {
        flags: '--log-level <level>',
        description: 'debug, info, warn or error; lines of JSON on standard error.',
        default: 'info',
        parse: wordValue(LOG_LEVELS),
      },
    ],
    needsStore: true,
    load: async () => (await import('../runs/gateway.ts')).runGateway,
  },
  {
    path: ['status'],
    summary: 'Show the gateways, their portals, sessions and traffic; fails if anything is wrong.',
    detail:
      'Ends with exit code 1, and says in a line each what is wrong: no document, or one without ' +
      'gateways; a gateway of the document that does not serve, or not the newest version; a ' +
      'disk that a gateway cannot serve, with the reason; a store or pool that is full, or used ' +
      'to softThresholdPercent. Names images that are called otherwise than the document says ' +
      'as well.',
    needsStore: true,
    load: async () => (await import('../runs/status.ts')).runStatus,
  },
];
