// What tools ask of gateways: each answer with the gateway that gave it; an answer that is none, of
// another release, is passed over.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askGateways } from '../../../src/control/ask-gateways.ts';
import { encodeMessage, STATUS_CHANNEL } from '../../../src/control/channels.ts';
import {
  encodeAnswer,
  REQUESTS_CHANNEL,
  requestGateways,
} from '../../../src/control/gateway-requests.ts';
import type { Records } from '../../../src/records/records.ts';

const member = (name: string) => ({ name, incarnation: name.repeat(32) });
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Members that answer with these bytes. */
function answering(payloads: Readonly<Record<string, Uint8Array>>) {
  const asked: [string, string][] = [];
  const answers = Object.entries(payloads).map(([name, payload]) => {
    return { from: member(name), payload };
  });
  const notify: Records['notify'] = async (channel, message) => {
    asked.push([channel, text(message)]);
    return { answers, missing: [member('x')] };
  };
  return { asked, records: { notify } as Records };
}

test('answers come with the gateway that gave each', async () => {
  const { asked, records } = answering({
    b: encodeAnswer({ holds: true }),
    c: new Uint8Array(0),
    a: encodeAnswer({ holds: false }),
  });
  const found = await requestGateways(records, { kind: 'holders', uuid: 'u' }, 10);
  assert.deepEqual(asked, [[REQUESTS_CHANNEL, '{"kind":"holders","uuid":"u"}']]);
  assert.deepEqual(found, [
    { from: member('b'), answer: { holds: true } },
    { from: member('a'), answer: { holds: false } },
  ]);
});

test('gateways are listed by name, with those that are missing', async () => {
  const status = (name: string) => encodeMessage({ name });
  const { asked, records } = answering({
    b: status('b'),
    c: Buffer.from('no JSON'),
    a: status('a'),
  });
  const { gateways, missing } = await askGateways(records);
  assert.deepEqual(asked, [[STATUS_CHANNEL, '']]);
  assert.deepEqual(
    gateways.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(missing, [member('x')]);
});
