import { Failure } from '../../base/failure.ts';
import { cephSettingTable } from '../../ceph/ceph-settings.ts';
import {
  RBD_FEATURE_DATA_POOL,
  RBD_FEATURE_DEEP_FLATTEN,
  RBD_FEATURE_EXCLUSIVE_LOCK,
  RBD_FEATURE_FAST_DIFF,
  RBD_FEATURE_JOURNALING,
  RBD_FEATURE_LAYERING,
  RBD_FEATURE_MIGRATING,
  RBD_FEATURE_NON_PRIMARY,
  RBD_FEATURE_OBJECT_MAP,
  RBD_FEATURE_STRIPINGV2,
} from '../../ceph/rbd-image-info.ts';

/** The facts that decide whether several gateways may write one image at a time. */
export interface ImageFacts {
  /** As Ceph's tools name it, `pool/image`. */
  readonly spec: string;
  readonly pool: string;
  /** Bits of RBD_FEATURE_*. */
  readonly features: bigint;
  readonly objectSizeBytes: number;
  readonly stripeUnitBytes: number;
  readonly stripeCount: number;
  /** Settings of librbd that the image carries and that win over the gateway's own. */
  readonly imageSettings: ReadonlyMap<string, string>;
  /** Those of its pool. */
  readonly poolSettings: ReadonlyMap<string, string>;
}

/** One obstacle, and its remedy. */
export interface ImageProblem {
  readonly what: string;
  /** The Ceph command that fixes it. */
  readonly command: string;
  /** The same as the driver itself would do it; undefined when it will not. */
  readonly repair?: ImageRepair;
}

type ImageRepair =
  | { readonly kind: 'disableFeatures'; readonly features: bigint }
  | { readonly kind: 'removeImageSetting'; readonly name: string };

/** In the order in which they are switched off; each depends on those behind it. */
const harmful: readonly (readonly [bit: bigint, name: string])[] = [
  [RBD_FEATURE_JOURNALING, 'journaling'],
  [RBD_FEATURE_FAST_DIFF, 'fast-diff'],
  [RBD_FEATURE_OBJECT_MAP, 'object-map'],
  [RBD_FEATURE_EXCLUSIVE_LOCK, 'exclusive-lock'],
];

/** States that Ceph keeps among the features. */
const states: readonly { readonly bit: bigint; readonly what: string; readonly command: string }[] =
  [
    {
      bit: RBD_FEATURE_MIGRATING,
      what: 'it is being migrated',
      command: 'rbd migration commit',
    },
    {
      bit: RBD_FEATURE_NON_PRIMARY,
      what: 'it is non-primary: it was demoted, or is the copy of a mirror',
      command: 'rbd mirror image promote',
    },
  ];

/** RBD_FEATURE_OPERATIONS: set by Ceph when clones of version 2 exist. */
const RBD_FEATURE_OPERATIONS = 256n;

const harmless =
  RBD_FEATURE_LAYERING |
  RBD_FEATURE_STRIPINGV2 |
  RBD_FEATURE_DEEP_FLATTEN |
  RBD_FEATURE_DATA_POOL |
  RBD_FEATURE_OPERATIONS;

/** All obstacles to serving the image by several gateways. */
export function imageProblems(facts: ImageFacts): readonly ImageProblem[] {
  return [
    ...featureProblems(facts),
    ...stripeProblems(facts),
    ...settingProblems(facts.imageSettings, 'the image', (name) => ({
      command: `rbd image-meta remove ${facts.spec} ${SETTING_PREFIX}${name}`,
      repair: { kind: 'removeImageSetting', name },
    })),
    ...settingProblems(facts.poolSettings, 'its pool', (name) => ({
      command: `rbd config pool remove ${facts.pool} ${name}`,
    })),
  ];
}

/** The prefix of librbd's settings in the metadata of an image or a pool. */
export const SETTING_PREFIX = 'conf_';

function featureProblems({ features, spec }: ImageFacts): readonly ImageProblem[] {
  const found = harmful.filter(([bit]) => (features & bit) !== 0n);
  const problems: ImageProblem[] = [];
  if (found.length > 0) {
    const names = found.map(([, name]) => name);
    const bits = found.reduce((all, [bit]) => all | bit, 0n);
    problems.push({
      what: `features that allow one writer only: ${names.join(', ')}`,
      command: `rbd feature disable ${spec} ${names.join(' ')}`,
      repair: { kind: 'disableFeatures', features: bits },
    });
  }
  for (const { bit, what, command } of states) {
    if ((features & bit) !== 0n) problems.push({ what, command: `${command} ${spec}` });
  }
  const known = [...harmful.map(([bit]) => bit), ...states.map(({ bit }) => bit)];
  const unknown = known.reduce((left, bit) => left & ~bit, features & ~harmless);
  if (unknown !== 0n) {
    problems.push({
      what: `features 0x${unknown.toString(16)} that Allpath does not know`,
      command: `rbd info ${spec}`,
    });
  }
  return problems;
}

/** A logical block must lie in one object whole. */
function stripeProblems(facts: ImageFacts): readonly ImageProblem[] {
  const { spec, stripeCount, stripeUnitBytes, objectSizeBytes: size } = facts;
  if (stripeCount <= 1 || stripeUnitBytes % BLOCK_LENGTH_MAX_BYTES === 0) return [];
  return [
    {
      what: `striping in units of ${stripeUnitBytes} bytes, which splits blocks`,
      command: `rbd deep cp ${spec} ${spec}-whole --stripe-unit ${size} --stripe-count 1`,
    },
  ];
}

/** The longest logical block that a disk may have. */
const BLOCK_LENGTH_MAX_BYTES = 4096;

function settingProblems(
  found: ReadonlyMap<string, string>,
  where: string,
  repairing: (name: string) => Pick<ImageProblem, 'command' | 'repair'>,
): readonly ImageProblem[] {
  const problems: ImageProblem[] = [];
  for (const [name, { images: allowed }] of Object.entries(cephSettingTable)) {
    const value = found.get(name);
    if (value === undefined || allowed === undefined) continue;
    if (allowed.includes(value.toLowerCase())) continue;
    problems.push({ what: `${name} = ${value}, set on ${where}`, ...repairing(name) });
  }
  return problems;
}

/** The refusal of an unsuitable image, with the obstacles and the commands to paste. */
export function unsuitable(
  spec: string,
  problems: readonly ImageProblem[],
): Failure<'volumeUnsuitable'> {
  return new Failure(
    'volumeUnsuitable',
    `the image ${spec} cannot be served by several gateways:\n${problemLines(problems)}`,
    { spec, commands: problems.map(({ command }) => command) },
  );
}

/** The obstacles of an image, each with the command to paste. */
export function problemLines(problems: readonly ImageProblem[]): string {
  return problems.map(({ what, command }) => `- ${what}; fix:\n    ${command}`).join('\n');
}
