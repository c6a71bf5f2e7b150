// What is known of an image follows its header: no update is missed, however they come together,
// and the snapshot context is set before anybody is told that the header is known.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SnapContext } from '../../../../src/ceph/rados-pool.ts';
import type { RbdImageInfo } from '../../../../src/ceph/rbd-image-info.ts';
import { ImageHeader, REFRESH_RETRY_MS } from '../../../../src/volume/rbd/image-header.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

function world() {
  const clock = new VirtualClock();
  const log: string[] = [];
  let update = () => {};
  const image = {
    info: infoOf(0),
    /** What the cluster has; a refresh brings it here. */
    newest: 0,
    errno: 0,
    updates: 0,
    answer: () => {},
    refresh() {
      const seen = infoOf(image.newest);
      log.push(`refresh ${image.newest}`);
      return new Promise<number>((resolve) => {
        image.answer = () => {
          if (image.errno >= 0) image.info = seen;
          resolve(image.errno);
        };
      });
    },
    onUpdate(listener: () => void) {
      update = listener;
      return () => log.push('undo');
    },
    /** Without `isTold`, the news of it is still on its way. */
    change(isTold = true) {
      image.newest++;
      image.updates++;
      if (isTold) update();
    },
    tell: () => update(),
  };
  const pool = {
    setSnapWriteContext(context: SnapContext | undefined) {
      log.push(`context ${context?.newest}`);
      return 0;
    },
  };
  const header = new ImageHeader(image, pool, clock, (info) => log.push(`size ${info.sizeBytes}`));
  return { clock, log, image, header };
}

function infoOf(number: number): RbdImageInfo {
  const snapContext = { newest: BigInt(number), ids: [] };
  return { sizeBytes: number, snapContext } as unknown as RbdImageInfo;
}

test('an update is followed by one look, and then all is known', async () => {
  const { log, image, header } = world();
  assert.equal(header.fresh, undefined);
  image.change();
  assert.notEqual(header.fresh, undefined);
  image.answer();
  await header.fresh;
  assert.equal(header.fresh, undefined);
  assert.deepEqual(log, ['context 0', 'refresh 1', 'context 1', 'size 1']);
});

test('an update counts before its news is there, and the news brings no second look', async () => {
  const { log, image, header } = world();
  image.change(false);
  const { fresh } = header;
  image.answer();
  await fresh;
  assert.equal(header.info.sizeBytes, 1);
  image.tell();
  await settle();
  assert.equal(header.fresh, undefined);
  assert.equal(log.filter((line) => line.startsWith('refresh')).length, 1);
});

test('an update during a look brings another, and who waits waits for both', async () => {
  const { log, image, header } = world();
  image.change();
  const { fresh } = header;
  let isFresh = false;
  void fresh?.then(() => {
    isFresh = true;
  });
  image.change();
  image.change();
  image.answer();
  await settle();
  assert.equal(isFresh, false);
  image.answer();
  await settle();
  assert.equal(isFresh, true);
  assert.deepEqual(
    log.filter((line) => line.startsWith('refresh')),
    ['refresh 1', 'refresh 3'],
  );
  assert.equal(log.at(-2), 'context 3');
});

test('an update in the very turn in which a look ends is not forgotten', async () => {
  const { image, header } = world();
  image.change();
  const waited = header.fresh?.then(() => image.change());
  image.answer();
  await waited;
  assert.notEqual(header.fresh, undefined);
  image.answer();
  await settle();
  assert.equal(header.info.sizeBytes, 2);
});

test('a header that cannot be read is read again, and nothing is taken for known meanwhile', async () => {
  const { clock, image, header } = world();
  image.errno = -110;
  image.change();
  image.answer();
  await clock.advance(REFRESH_RETRY_MS);
  assert.notEqual(header.fresh, undefined);
  image.errno = 0;
  image.answer();
  await settle();
  assert.equal(header.fresh, undefined);
  assert.equal(header.info.sizeBytes, 1);
});

test('a closed header ends every wait, and listens no more', async () => {
  const { clock, log, image, header } = world();
  image.errno = -110;
  image.change();
  image.answer();
  await settle();
  header.close();
  await settle();
  assert.equal(header.fresh, undefined);
  assert.equal(clock.pending, 0);
  await header.refresh();
  assert.equal(log.at(-1), 'undo');
});
