import { type ListedSession, listSessions } from '../../control/list-sessions.ts';
import {
  type DiskReservations,
  type ListedNexus,
  type ListedRegistration,
  listReservations,
} from '../../control/units/list-reservations.ts';
import { resetUnits } from '../../control/units/reset-units.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { localTime } from '../local-time.ts';
import { notice, print, printJson, table } from '../output.ts';
import { withStore } from '../tool-store.ts';

export async function runReservations(call: CliCall): Promise<number> {
  const disk = call.arguments[0] === undefined ? undefined : String(call.arguments[0]);
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const { disks, silent } = await listReservations(context, disk);
    if (call.json) printJson({ disks, silent });
    else printReservations(disks);
    tellSilent(silent, call.json);
    const isWhole = silent.length === 0 && disks.every(({ problem }) => problem === undefined);
    return isWhole ? ExitCode.ok : ExitCode.failure;
  });
}

export async function runSessions(call: CliCall): Promise<number> {
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const { sessions, silent } = await listSessions(context);
    if (call.json) printJson({ sessions: sessions.map(dated), silent });
    else print(sessionTable(sessions));
    tellSilent(silent, call.json);
    return silent.length === 0 ? ExitCode.ok : ExitCode.failure;
  });
}

export async function runResetUnit(call: CliCall): Promise<number> {
  return await runReset(call, 'lu');
}

export async function runResetTarget(call: CliCall): Promise<number> {
  return await runReset(call, 'target');
}

async function runReset(call: CliCall, kind: 'lu' | 'target'): Promise<number> {
  const name = String(call.arguments[0]);
  const force = call.options['force'] === true;
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async (context) => {
    const { by, units } = await resetUnits(context, { kind, name, force });
    const what = units === 1 ? 'is reset' : `is reset: ${units} logical units`;
    if (call.json) printJson({ reset: name, by, units });
    else print(`${name} ${what}, by ${by}`);
    return ExitCode.ok;
  });
}

function tellSilent(silent: readonly string[], json: boolean): void {
  if (silent.length === 0) return;
  const text = `not answered: ${silent.join(', ')}; their sessions are not known`;
  notice({ silent }, text, json);
}

function dated(session: ListedSession): object {
  const { afterMs: _, gatewaySince: __, ...rest } = session;
  return { ...rest, since: sinceOf(session).toISOString() };
}

/** By the clock of the gateway's host. */
function sinceOf({ gatewaySince, afterMs }: ListedSession): Date {
  return new Date(Date.parse(gatewaySince) + Math.round(afterMs));
}

function sessionTable(sessions: readonly ListedSession[]): string {
  const headings = ['GATEWAY', 'PORTAL', 'INITIATOR', 'ISID', 'TARGET', 'SINCE', 'COMMANDS'];
  const rows = sessions.map((each) => [
    ...[each.gateway, each.portal, each.initiator, each.isid, each.target],
    ...[localTime(sinceOf(each)), String(each.commandsInFlight)],
  ]);
  return table(headings, rows);
}

function printReservations(disks: readonly DiskReservations[]): void {
  const units = disks.map((each) => [
    ...[each.disk, each.persistent === undefined ? '-' : typeWords(each.persistent)],
    ...[String(each.generation), each.aptpl ? 'yes' : 'no'],
    each.reserve === undefined ? '-' : nexusWords(each.reserve),
  ]);
  const parts = [table(['DISK', 'RESERVATION', 'GENERATION', 'APTPL', 'RESERVE (SPC-2)'], units)];
  const nexuses = disks.flatMap(({ disk, registrations }) =>
    registrations.map((each) => registrationRow(disk, each)),
  );
  const headings = ['DISK', 'INITIATOR', 'ISID', 'PORT', 'PORTAL', 'GATEWAY', 'KEY', 'HOLDS'];
  if (nexuses.length > 0) parts.push(table(headings, nexuses));
  const problems = disks.flatMap(({ disk, problem }) =>
    problem === undefined ? [] : [`disk ${disk}: ${problem}`],
  );
  if (problems.length > 0) parts.push(problems.join('\n'));
  print(parts.join('\n\n'));
}

function registrationRow(disk: string, registration: ListedRegistration): readonly string[] {
  const { initiator, isid = '-', targetPort, portal = '-', gateway = '-' } = registration;
  const { key, isHolder } = registration;
  const port = String(targetPort);
  return [disk, initiator, isid, port, portal, gateway, key, isHolder ? 'yes' : '-'];
}

function nexusWords({ initiator, isid, targetPort }: ListedNexus): string {
  return `${initiator}${isid === undefined ? '' : `,${isid}`} at port ${targetPort}`;
}

/** `writeExclusiveRegistrantsOnly` as `write exclusive registrants only`. */
function typeWords(type: string): string {
  return type.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
