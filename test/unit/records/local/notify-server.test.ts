// What is no notification is refused, whoever sends it, and others are served on.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { silentLog } from '../../../../src/log/log.ts';
import { ChannelWatches } from '../../../../src/records/channel-watches.ts';
import { notifyMember } from '../../../../src/records/local/notify-call.ts';
import { encodeFrame, FrameReader } from '../../../../src/records/local/notify-frame.ts';
import { NotifyServer } from '../../../../src/records/local/notify-server.ts';

const HANG_MS = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'allpath-notify-'));
const socketPath = join(folder, 's');
const watches = new ChannelWatches();
const server = new NotifyServer(watches, systemClock, silentLog);

before(async () => {
  watches.add('c', { onNotify: (message) => message, onLost() {} });
  await server.listen(socketPath, () => assert.fail('the server ended'));
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

async function isServed(): Promise<boolean> {
  const from = { name: 'n', incarnation: 'i' };
  const answers: string[] = [];
  const onAnswer = (payload: Uint8Array) => answers.push(Buffer.from(payload).toString());
  const call = { socketPath, from, channel: 'c', message: Buffer.from('m'), clock: systemClock };
  const complete = await notifyMember({ ...call, timeoutMs: HANG_MS, onAnswer });
  return complete && answers.join() === 'm';
}

const head = { channel: 'c', name: 'n', incarnation: 'i' };
const refused: [string, Uint8Array][] = [
  ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ['an answer to no question', encodeFrame('answer')],
  ['no channel', encodeFrame('notify', { name: 'n', incarnation: 'i' })],
  ['no sender', encodeFrame('notify', { ...head, name: 1 })],
  ['a frame too long', Buffer.from([0x7f, 0, 0, 0])],
];
for (const [what, bytes] of refused) {
  test(`${what} is refused with a reason`, { timeout: HANG_MS }, async () => {
    const socket = createConnection(socketPath);
    socket.write(bytes);
    const reader = new FrameReader();
    const kinds: string[] = [];
    socket.on('data', (chunk) => {
      for (const { kind } of reader.push(chunk)) kinds.push(kind);
    });
    await once(socket, 'close');
    assert.deepEqual(kinds, ['refused']);
    assert.ok(await isServed());
  });
}

test('a member that nobody listens for is not complete, at once', async () => {
  const from = { name: 'n', incarnation: 'i' };
  const call = { from, channel: 'c', message: new Uint8Array(0), clock: systemClock };
  const onAnswer = () => assert.fail('an answer');
  const absent = { ...call, socketPath: join(folder, 'x'), timeoutMs: HANG_MS, onAnswer };
  assert.equal(await notifyMember(absent), false);
});
