import { type Clock, sleep } from '../../src/base/clock.ts';
import type { DocumentDraft } from '../../src/config/document.ts';
import type { ControlContext } from '../../src/control/control-context.ts';
import { resizeDisk } from '../../src/control/disks/resize-disk.ts';
import { changeDocument } from '../../src/control/document/change-document.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { DocumentValue } from '../checkers/document-history.ts';
import type { UnitHistory } from '../checkers/unit-history.ts';
import { initiatorNameOf } from '../initiator/port-names.ts';

const BLOCK_BYTES = 512;
/** A few objects more. */
const GROWTH_BLOCKS = [8, 16, 24];
const GONE_MAX_MS = 1_500;
const CAPACITY_DATA_HAS_CHANGED = 0x2a09;
const INQUIRY_DATA_HAS_CHANGED = 0x3f03;

interface StepParts {
  readonly clock: Clock;
  readonly random: SeededRandom;
  readonly history: UnitHistory;
  readonly hosts: readonly string[];
  /** All gateways do, as far as they know. */
  readonly allServe: () => boolean;
  /** Resolves when it has succeeded: every gateway serves the document that it makes. */
  readonly command: (work: (context: ControlContext) => Promise<unknown>) => Promise<void>;
}

/** By kind, what administrators do to the document. */
export const documentSteps = {
  resize: async (parts) => {
    const { random, history } = parts;
    const { blocks } = history.document;
    const next = blocks.value + random.pick(GROWTH_BLOCKS);
    const sizeBytes = next * BLOCK_BYTES;
    await telling(parts, 'resize', CAPACITY_DATA_HAS_CHANGED, () =>
      changing(parts, blocks, next, (context) =>
        resizeDisk(context, { name: 'disk', sizeBytes, mayShrink: false }),
      ),
    );
  },
  identity: async (parts) => {
    const { random, history } = parts;
    const next = `PRODUCT ${random.below(2 ** 20)}`;
    const rename = (document: DocumentDraft): DocumentDraft => ({
      ...document,
      disks: document.disks.map((disk) => ({ ...disk, product: next })),
    });
    await telling(parts, 'identity', INQUIRY_DATA_HAS_CHANGED, () =>
      changing(parts, history.document.product, next, applying(rename)),
    );
  },
  /** The LUN leaves the map of its target, and comes back. */
  unmap: async (parts) => {
    await mapping(parts, false, {});
    await sleep(parts.clock, parts.random.below(GONE_MAX_MS));
    await mapping(parts, true, { 0: 'disk' });
  },
  /** A host is no longer admitted, and then again. */
  access: async (parts) => {
    const { clock, random, history, hosts } = parts;
    const host = random.pick(hosts);
    const admitted = history.document.isAdmitted.get(host)!;
    const others = hosts.filter((each) => each !== host);
    const entries = others.map((each) => ({ initiator: initiatorNameOf(each) }));
    await changing(parts, admitted, false, applying(withTarget({ access: entries })));
    await sleep(clock, random.below(GONE_MAX_MS));
    await changing(parts, admitted, true, applying(withTarget({ access: 'any' })));
  },
} satisfies Readonly<Record<string, (parts: StepParts) => Promise<void>>>;

export type DocumentStepKind = keyof typeof documentSteps;

/** To its nexuses the logical unit is a new one when it comes back. */
async function mapping(
  parts: StepParts,
  isMapped: boolean,
  luns: Readonly<Record<string, string>>,
): Promise<void> {
  const { attentions, document } = parts.history;
  const end = attentions.beginMapping(parts.clock.now());
  await changing(parts, document.isMapped, isMapped, applying(withTarget({ luns })));
  end(parts.clock.now());
}

async function changing<Value>(
  { command, allServe }: StepParts,
  of: DocumentValue<Value>,
  next: Value,
  work: (context: ControlContext) => Promise<unknown>,
): Promise<void> {
  of.begin(next);
  await command(work);
  of.end(allServe());
}

/** A change of the unit that tells every nexus. */
async function telling(
  { clock, history, allServe }: StepParts,
  name: string,
  code: number,
  change: () => Promise<void>,
): Promise<void> {
  const event = history.attentions.begin({
    ...{ name, codes: [code], beginMs: clock.now(), belongsTo: () => true },
    ...{ endMs: Number.POSITIVE_INFINITY, isCertain: false },
  });
  await change();
  // With no gateway there it becomes an event when the next one comes.
  event.isCertain = allServe();
  if (event.isCertain) event.endMs = clock.now();
}

function applying(change: (document: DocumentDraft) => DocumentDraft) {
  return (context: ControlContext) => changeDocument(context, (current) => change(current!));
}

function withTarget(changes: Partial<DocumentDraft['targets'][number]>) {
  return (document: DocumentDraft): DocumentDraft => {
    const { basedOn: _, ...rest } = document;
    return { ...rest, targets: document.targets.map((target) => ({ ...target, ...changes })) };
  };
}
