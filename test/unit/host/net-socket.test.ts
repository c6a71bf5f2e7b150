// Proves, against real sockets of the running Node release, that an accepted connection reads into
// the reader's own buffers, writes in order, pauses, and reports its end once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { ByteStream, StreamReader } from '../../../src/base/byte-stream.ts';
import { listen } from '../../../src/host/net-socket.ts';
import { stillHeld } from '../../support/still-held.ts';
import { waitFor } from '../../support/wait-for.ts';

class Recorder implements StreamReader {
  readonly slab = new Uint8Array(1 << 20);
  end = 0;
  ends = 0;
  #waiting: { length: number; resolve: () => void } | undefined;
  #closed = Promise.withResolvers<void>();

  buffer(): Uint8Array {
    return this.slab.subarray(this.end);
  }

  received(length: number): void {
    this.end += length;
    if (this.#waiting !== undefined && this.end >= this.#waiting.length) this.#waiting.resolve();
  }

  closed(): void {
    this.ends++;
    this.#closed.resolve();
  }

  until(length: number): Promise<void> {
    if (this.end >= length) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting = { length, resolve };
    });
  }

  untilClosed(): Promise<void> {
    return this.#closed.promise;
  }
}

async function pair() {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listen({ address: '127.0.0.1', port: 0 }, accepted.resolve);
  const client = connect(listener.address.port, '127.0.0.1');
  await once(client, 'connect');
  const stream = await accepted.promise;
  const recorder = new Recorder();
  stream.start(recorder);
  return { listener, client, stream, recorder };
}

test('bytes land in the reader’s buffer', async () => {
  const { listener, client, recorder } = await pair();
  const sent = new Uint8Array(300_000).map((_, i) => i * 31);
  client.write(sent);
  await recorder.until(sent.length);
  assert.deepEqual(recorder.slab.subarray(0, sent.length), sent);
  client.destroy();
  await recorder.untilClosed();
  assert.equal(recorder.ends, 1);
  await listener.close();
});

test('bytes sent before anyone reads are not lost', async () => {
  const accepted = Promise.withResolvers<ByteStream>();
  const listener = await listen({ address: '127.0.0.1', port: 0 }, accepted.resolve);
  const client = connect(listener.address.port, '127.0.0.1');
  client.write('early');
  const stream = await accepted.promise;
  const recorder = new Recorder();
  stream.start(recorder);
  await recorder.until(5);
  assert.equal(new TextDecoder().decode(recorder.slab.subarray(0, 5)), 'early');
  client.destroy();
  await recorder.untilClosed();
  await listener.close();
});

test('chunks leave in order, and `sent` follows the last', async () => {
  const { listener, client, stream } = await pair();
  const chunks = [
    new Uint8Array(70_000).fill(1),
    new Uint8Array(5).fill(2),
    new Uint8Array(9).fill(3),
  ];
  let received = Buffer.alloc(0);
  client.on('data', (data) => {
    received = Buffer.concat([received, data]);
  });
  await new Promise<void>((resolve) => stream.write(chunks, resolve));
  stream.end();
  await once(client, 'end');
  assert.ok(received.equals(Buffer.concat(chunks)));
  client.destroy();
  await listener.close();
});

/** Lists of chunks; most are longer than what the kernel takes, and end anywhere. */
const crowds = {
  'lone chunks': [[16], [16], [16]],
  'lists of chunks': [[1, 3, 0.25], [0.5, 16, 2], Array<number>(1500).fill(0.01)],
};

for (const [name, lists] of Object.entries(crowds)) {
  test(`${name} for which the socket has no room follow each other whole`, () => crowd(lists));
}

async function crowd(listsMiB: readonly (readonly number[])[]): Promise<void> {
  const { listener, client, stream } = await pair();
  const lists = listsMiB.map((list, seed) =>
    list.map((sizeMiB) =>
      new Uint8Array(sizeMiB * 1024 * 1024 + seed).map((_, i) => (i >>> 9) * (seed + 1)),
    ),
  );
  const chunks = lists.flat();
  client.pause();
  const sent = lists.map((list) => new Promise<void>((done) => stream.write(list, done)));
  const received: Buffer[] = [];
  client.on('data', (data) => received.push(data));
  client.resume();
  await Promise.all(sent);
  stream.end();
  await once(client, 'end');
  assert.ok(Buffer.concat(received).equals(Buffer.concat(chunks)));
  client.destroy();
  await listener.close();
}

test('what the peer takes of a long write is seen before the write is over', async () => {
  const { listener, client, stream } = await pair();
  assert.equal(stream.unacknowledgedBytes, 0);
  const total = 64 * 1024 * 1024;
  let isSent = false;
  client.pause();
  stream.write([new Uint8Array(total - 5), new Uint8Array(5)], () => {
    isSent = true;
  });
  await waitFor('some is taken', () => stream.unacknowledgedBytes < total);
  let taken = 0;
  client.on('data', (data) => {
    taken += data.length;
    if (taken >= total / 2) client.pause();
  });
  client.resume();
  await waitFor('half is taken', () => stream.unacknowledgedBytes <= total / 2);
  assert.equal(isSent, false);
  stream.destroy();
  assert.equal(stream.unacknowledgedBytes, 0);
  client.destroy();
  await listener.close();
});

test('a lone chunk for a peer that has reset the connection ends the stream', async () => {
  const { listener, client, stream, recorder } = await pair();
  stream.pause();
  client.resetAndDestroy();
  await once(client, 'close');
  await new Promise<void>((resolve) => stream.write([new Uint8Array(100)], resolve));
  stream.resume();
  await recorder.untilClosed();
  assert.equal(recorder.ends, 1);
  await listener.close();
});

test('`sent` is called for a stream that is gone, so that nothing is held for ever', async () => {
  const { listener, client, stream, recorder } = await pair();
  stream.destroy();
  await recorder.untilClosed();
  await new Promise<void>((resolve) => stream.write([new Uint8Array(1)], resolve));
  client.destroy();
  await listener.close();
});

test('a paused stream reads no further, and goes on after resume', async () => {
  const { listener, client, stream, recorder } = await pair();
  stream.pause();
  client.write(new Uint8Array(64 * 1024).fill(4));
  const quiet = new Uint8Array(1024 * 512).fill(5);
  client.write(quiet);
  stream.resume();
  await recorder.until(64 * 1024 + quiet.length);
  assert.equal(recorder.slab[64 * 1024], 5);
  client.destroy();
  await recorder.untilClosed();
  await listener.close();
});

test('a listener remembers nothing of connections that have ended', async (t) => {
  const refs = new Map<string, WeakRef<object>>();
  const waiting: ((stream: ByteStream) => void)[] = [];
  const address = { address: '127.0.0.1', port: 0 };
  const listener = await listen(address, (stream) => waiting.shift()?.(stream));
  t.after(() => listener.close());
  const comesAndGoes = async (i: number): Promise<void> => {
    const accepted = new Promise<ByteStream>((resolve) => waiting.push(resolve));
    const client = connect(listener.address.port, '127.0.0.1');
    client.write('some');
    const stream = await accepted;
    const recorder = new Recorder();
    stream.start(recorder);
    await recorder.until(4);
    await new Promise<void>((resolve) => stream.write([new Uint8Array(1)], resolve));
    // Ended by the peer, or from here.
    if (i % 2 === 0) client.destroy();
    else stream.destroy();
    await recorder.untilClosed();
    client.destroy();
    refs.set(`stream ${i}`, new WeakRef(stream)).set(`reader ${i}`, new WeakRef(recorder));
  };
  for (let i = 0; i < 6; i++) await comesAndGoes(i);
  assert.deepEqual(await stillHeld(refs), []);
});
