// A gateway's part below SCSI, in a process of its own: CONF IMAGE. Does what lines on its standard
// input ask for, all at once, and says what each came to. See `image-process.ts`.

import { createInterface } from 'node:readline';
import type { Volume } from '../../src/volume/volume.ts';
import type { ImageRequest } from './image-process.ts';
import { RbdWorld } from './rbd-world.ts';

const [conf, image] = process.argv.slice(2) as [string, string];
const world = new RbdWorld(conf);
const volume = await world.open({ pool: 'rbd' }).open(image);

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What became of it, and for a read the first byte. */
async function come(on: Volume, { operation, offset, length, byte }: ImageRequest) {
  const bytes = () => new Uint8Array(length).fill(byte);
  switch (operation) {
    case 'write':
      return (await on.write(offset, [bytes()])).status;
    case 'unmap':
      return (await on.unmap(offset, length)).status;
    case 'compareAndWrite':
      return (await on.compareAndWrite(offset, [new Uint8Array(length)], [bytes()])).status;
    case 'read': {
      const into = bytes();
      const { status } = await on.read(offset, [into]);
      return `${status} ${into[0]}`;
    }
  }
}

const requests = createInterface({ input: process.stdin });
requests.on('line', async (line) => {
  const request = JSON.parse(line) as ImageRequest;
  say(`${request.serial} ${await come(volume, request)}`);
});
// A client that just ends has its watch for 30 s more, and whoever changes the image waits for it.
requests.on('close', () => void world.dispose());
say('ready');
