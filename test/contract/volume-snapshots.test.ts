// The embedded store keeps the contract of snapshots, where its file system shares blocks.

import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import { reflinkFolder } from '../support/reflink-folder.ts';
import { snapshotContract } from './volume-snapshots.ts';

const folder = await reflinkFolder();
if (folder === undefined) {
  test('snapshots of the embedded store', { skip: 'no XFS can be mounted here' });
} else {
  after(() => folder.dispose());
  snapshotContract('local', async () => {
    const directory = await mkdtemp(join(folder.path, 'volumes-'));
    const options = { directory, clock: systemClock, random: systemRandom };
    const store = await openLocalVolumeStore(options);
    const other = await openLocalVolumeStore(options);
    const dispose = async (): Promise<void> => {
      await store.close();
      await other.close();
    };
    return { store, other, dispose };
  });
}
