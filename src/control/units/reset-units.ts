import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import { mappedDisks } from '../../config/disk-names.ts';
import type { ClusterDocument } from '../../config/document.ts';
import { askGateways } from '../ask-gateways.ts';
import type { ControlContext } from '../control-context.ts';
import { requireDisk } from '../disks/document-disks.ts';
import { readDocument } from '../document/document-record.ts';
import { type ResetAnswer, type ResetSubject, requestGateways } from '../gateway-requests.ts';
import { listSessions } from '../list-sessions.ts';

/** A reset that takes longer is reported as failed, though it may still take effect. */
export const RESET_WAIT_MAX_MS = 8_000;
/** The gateway has this long beside, to answer. */
const ANSWER_WAIT_MS = 1_000;

interface ResetOptions {
  /** `lu`: the logical unit of a disk. `target`: every one that a target has. */
  readonly kind: 'lu' | 'target';
  /** Of the disk, or the iSCSI name of the target. */
  readonly name: string;
  /** Even if initiators are logged in. */
  readonly force: boolean;
}

type ResetContext = Pick<ControlContext, 'records' | 'membership'>;

/**
 * Has a gateway reset logical units: it takes effect at every gateway before this resolves. Rejects
 * with `diskNotFound`, `targetNotFound`, `resetRefused`, `resetNoGateway` or `resetFailed`.
 */
export async function resetUnits(
  context: ResetContext,
  { kind, name, force }: ResetOptions,
): Promise<{ readonly by: string; readonly units: number }> {
  const document = (await readDocument(context.records))?.document;
  const what: ResetSubject =
    kind === 'lu'
      ? { uuid: requireDisk(document, name).uuid }
      : { target: requireTarget(document, name) };
  if (!force) await refuseInUse(context, document!, { kind, name });
  const { gateways } = await askGateways(context.records);
  for (const { name: gateway, draining } of gateways) {
    if (draining) continue;
    const answer = await ask(context, gateway, what);
    if (answer?.outcome === 'reset') return { by: gateway, units: answer.units ?? 1 };
    if (answer?.outcome === 'notServed') continue;
    const reason = answer?.reason ?? `gateway ${gateway} did not answer in time`;
    throw new Failure('resetFailed', `${name}: ${reason}; it may still take effect`, { name });
  }
  throw new Failure('resetNoGateway', `no gateway serves ${name}`, { name });
}

async function ask(
  { records }: ResetContext,
  gateway: string,
  what: ResetSubject,
): Promise<ResetAnswer | undefined> {
  const request = { kind: 'reset', gateway, what } as const;
  const said = await requestGateways<ResetAnswer>(
    records,
    request,
    RESET_WAIT_MAX_MS + ANSWER_WAIT_MS,
  );
  return said.find(({ answer }) => answer.outcome !== 'other')?.answer;
}

function requireTarget(document: ClusterDocument | undefined, name: string): string {
  const names = (document?.targets ?? []).map(({ iqn }) => iqn);
  const iqn = name.toLowerCase();
  if (names.includes(iqn)) return iqn;
  const near = didYouMean(name, names);
  throw new Failure('targetNotFound', `there is no target ${name}${near}`, { name });
}

async function refuseInUse(
  context: ResetContext,
  document: ClusterDocument,
  { kind, name }: Pick<ResetOptions, 'kind' | 'name'>,
): Promise<void> {
  const targets = document.targets.filter((target) => {
    if (kind === 'target') return target.iqn === name.toLowerCase();
    return mappedDisks({ ...document, targets: [target] }).has(name);
  });
  const names = new Set(targets.map(({ iqn }) => iqn));
  const { sessions } = await listSessions(context);
  const count = sessions.filter(({ target }) => names.has(target)).length;
  if (count === 0) return;
  const logged = count === 1 ? '1 session is' : `${count} sessions are`;
  throw new Failure(
    'resetRefused',
    `${logged} logged in at ${[...names].join(', ')}: their commands would be aborted; use --force`,
    { name, targets: [...names], sessions: count },
  );
}
