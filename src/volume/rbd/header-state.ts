import { OMAP_PAGE_MAX } from '../../ceph/object-steps.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { HeaderState } from './header-messages.ts';
import { SETTING_KEY_PREFIX } from './image-settings.ts';

/** Keys of the header's omap; librbd keeps the role of a mirrored image among its features. */
const FEATURES = 'features';
const KEYS = [FEATURES, 'op_features', 'size', 'snap_seq', 'parent'];

/** Characters; of a header with more, each version counts as another content. */
const CONTENT_MAX = 65_536;

/** Or a negated errno. */
export async function readHeaderState(
  pool: Pick<RadosPool, 'read'>,
  object: string,
): Promise<HeaderState | number> {
  const { errno, version, values } = await pool.read(object, [
    { step: 'omapGetValuesByKeys', keys: KEYS },
    { step: 'omapGetValues', startAfter: '', prefix: SETTING_KEY_PREFIX, max: OMAP_PAGE_MAX },
  ]);
  if (errno < 0) return errno;
  const found =
    values[0]?.step === 'omapGetValuesByKeys' ? values[0].values.get(FEATURES) : undefined;
  const features = found?.length === 8 ? Buffer.from(found).readBigUInt64LE() : 0n;
  const lines = values.flatMap((value) =>
    'values' in value ? [...value.values].map(([key, bytes]) => `${key}=${hex(bytes)}`) : [],
  );
  const content = lines.sort().join('\n');
  return { version, features, content: content.length > CONTENT_MAX ? `${version}` : content };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
