import { LUNS, type Program, type Request, type Step } from './program.ts';

const NO_BYTES = new Uint8Array(0);
const DATA_IN_BYTES = 4096;
/** No more unit attentions are pending mostly. */
const REQUEST_SENSE_TIMES = 4;
/** The numbers of the commands that every program ends with. */
const LAST_FROM = 10_000;

/**
 * The steps of a program and those that every program ends with: what waits for data gets it, then
 * each nexus takes all that it is told, and looks at everything.
 */
export function wholeProgram({ steps, nexuses }: Program): readonly Step[] {
  const data = steps.flatMap((step): readonly Step[] => {
    return step.kind === 'start' || step.kind === 'held' ? [{ kind: 'data', of: step.number }] : [];
  });
  const looks = nexuses.flatMap((_, nexus) => lastRequests.map((request) => ({ nexus, request })));
  const last = looks.map(
    (look, at): Step => ({ kind: 'command', number: LAST_FROM + at, ...look }),
  );
  return [...steps, ...data, ...last];
}

const lastRequests: readonly Request[] = [
  ...LUNS.flatMap((lun) => [
    ...Array.from({ length: REQUEST_SENSE_TIMES }, () =>
      request('REQUEST SENSE', lun, [0x03, 0, 0, 0, 252, 0]),
    ),
    request('MODE SENSE (10)', lun, [0x5a, 0, 0x3f, 0xff, 0, 0, 0, 0x10, 0, 0]),
    request('READ KEYS', lun, [0x5e, 0, 0, 0, 0, 0, 0, 0x10, 0, 0]),
    request('READ FULL STATUS', lun, [0x5e, 3, 0, 0, 0, 0, 0, 0x10, 0, 0]),
    request('READ (10)', lun, [0x28, 0, 0, 0, 0, 0, 0, 0, 8, 0]),
    request('READ (10)', lun, [0x28, 0, 0, 0, 0, 8, 0, 0, 8, 0]),
  ]),
  request('REPORT TARGET PORT GROUPS', 0, [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0]),
];

function request(name: string, lun: number, cdb: readonly number[]): Request {
  return {
    ...{ name, lun, cdb: Uint8Array.from(cdb), dataOut: NO_BYTES },
    ...{ dataInExpected: DATA_IN_BYTES, attribute: 'simple' },
  };
}
