// Proves CHAP on the wire, one-way and mutual, for sessions and for discovery, with every algorithm
// and both binary encodings; and that nobody enters with a wrong proof, an answer of its own
// making, the target's own challenge, or by going round the security stage.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testUnitReady } from '../../initiator/cdb.ts';
import type { ChapOptions } from '../../initiator/chap-client.ts';
import { Connection } from '../../initiator/connection.ts';
import { Initiator, type InitiatorOptions } from '../../initiator/initiator.ts';
import type { InitiatorError } from '../../initiator/initiator-error.ts';
import { decodeKeys } from '../../initiator/keys.ts';
import { LoginExchange, Stage } from '../../initiator/login.ts';
import { DocumentGateway } from '../../support/document-gateway.ts';

const TARGET = 'iqn.2026-11.test:guarded';
const secret = 'initiator-secret-1';
const mutualSecret = 'the-targets-secret-2';
const mutual = { user: 'target-user', secret: mutualSecret };
const discovery = { user: 'finder', secret: 'discovery-secret-3' };

let gateway: DocumentGateway;
before(async () => {
  gateway = await DocumentGateway.start({
    disks: [{ name: 'disk1', size: '16M' }],
    discovery: { chap: { ...discovery, mutual } },
    targets: [
      { iqn: TARGET, luns: { 0: 'disk1' }, access: 'any', chap: { user: 'alice', secret, mutual } },
    ],
  });
});
after(async () => {
  await gateway.stop();
});

const alice: ChapOptions = { user: 'alice', secret };

function connect(options: Partial<InitiatorOptions>): Promise<Initiator> {
  return Initiator.connect({ ...gateway.address, targetName: TARGET, ...options });
}

async function refused(options: Partial<InitiatorOptions>): Promise<void> {
  await assert.rejects(connect(options), (error: InitiatorError) => {
    assert.equal(error.code, 'loginRefused', error.message);
    // 0201h: the initiator could not be authenticated.
    assert.deepEqual(error.data, { statusClass: 2, statusDetail: 1 });
    return true;
  });
}

for (const [algorithm, name] of [
  [5, 'MD5'],
  [6, 'SHA1'],
  [7, 'SHA-256'],
  [8, 'SHA3-256'],
] as const) {
  for (const encoding of ['hex', 'base64'] as const) {
    test(`CHAP with ${name} in ${encoding}: one-way, mutual, and for discovery`, async () => {
      const common = { algorithms: [algorithm], encoding };
      const oneWay = await connect({ chap: { ...alice, ...common } });
      await oneWay.execute({ cdb: testUnitReady() });
      await oneWay.logout();
      const both = await connect({ chap: { ...alice, ...common, mutual } });
      await both.logout();
      const finder = await Initiator.connect({
        ...gateway.address,
        sessionType: 'Discovery',
        chap: { ...discovery, ...common, mutual },
      });
      assert.deepEqual([...(await finder.sendTargets()).keys()], [TARGET]);
      await finder.logout();
    });

    test(`a wrong secret is refused with ${name} in ${encoding}`, async () => {
      const wrong = { ...alice, secret: 'another-secret-99', algorithms: [algorithm], encoding };
      await refused({ chap: wrong });
    });
  }
}

test('the target that proves another secret is found out', async () => {
  const wrong = { ...mutual, secret: 'not-the-targets-own' };
  await assert.rejects(connect({ chap: { ...alice, mutual: wrong } }), /protocolViolation: CHAP_R/);
});

test('an unknown user is refused', async () => {
  await refused({ chap: { ...alice, user: 'mallory' } });
});

test('the discovery secret does not open the target, nor the other way round', async () => {
  await refused({ chap: discovery });
  await assert.rejects(
    Initiator.connect({ ...gateway.address, sessionType: 'Discovery', chap: alice }),
    /loginRefused: status 0201h/,
  );
});

for (const [what, override] of Object.entries({
  'an empty CHAP_R': { CHAP_R: '' },
  'a short CHAP_R': { CHAP_R: '0x00' },
  'a long CHAP_R': { CHAP_R: `0x${'00'.repeat(64)}` },
  'a CHAP_R of no encoding': { CHAP_R: 'secret' },
})) {
  test(`${what} is refused`, async () => {
    await assert.rejects(connect({ chap: { ...alice, override } }), /loginRefused: status 02/);
  });
}

test('only algorithms that nobody has are refused', async () => {
  const exchange = new LoginExchange(await Connection.open(gateway.address), {
    targetName: TARGET,
  });
  const currentStage = Stage.security;
  const keys = exchange.identity().set('AuthMethod', 'CHAP');
  await exchange.step({ currentStage, keys });
  const answer = await exchange.step({ currentStage, keys: [['CHAP_A', '99,1']] });
  if (answer.statusClass === 0) assert.equal(decodeKeys(answer.text).get('CHAP_A'), 'Reject');
  else assert.equal(answer.statusClass, 2);
  exchange.connection.destroy();
});

for (const method of ['None', 'KRB5,None', undefined]) {
  test(`nobody enters with AuthMethod=${method ?? '(none given)'}`, async () => {
    const exchange = new LoginExchange(await Connection.open(gateway.address), {
      targetName: TARGET,
    });
    const keys = exchange.identity();
    if (method !== undefined) keys.set('AuthMethod', method);
    const answer = await exchange.step({
      currentStage: Stage.security,
      nextStage: Stage.fullFeature,
      transit: true,
      keys,
    });
    if (answer.statusClass === 0) {
      assert.equal(answer.transit, false);
      assert.equal(answer.tsih, 0);
    } else {
      assert.equal(answer.statusClass, 2);
    }
    exchange.connection.destroy();
  });
}

test('nobody enters by starting in the operational stage', async () => {
  await refused({});
  await assert.rejects(
    Initiator.connect({ ...gateway.address, sessionType: 'Discovery' }),
    /loginRefused: status 0201h/,
  );
});

test('nobody enters by leaving the security stage before the proof', async () => {
  const connection = await Connection.open(gateway.address);
  const exchange = new LoginExchange(connection, { targetName: TARGET });
  const currentStage = Stage.security;
  await exchange.step({ currentStage, keys: exchange.identity().set('AuthMethod', 'CHAP') });
  const answer = await exchange.step({
    currentStage,
    nextStage: Stage.operational,
    transit: true,
    keys: [['CHAP_A', '7']],
  });
  if (answer.statusClass === 0) assert.equal(answer.transit, false);
  else assert.equal(answer.statusClass, 2);
  connection.destroy();
});

test("the target's own challenge sent back is refused (reflection)", async () => {
  const connection = await Connection.open(gateway.address);
  const exchange = new LoginExchange(connection, { targetName: TARGET });
  const currentStage = Stage.security;
  await exchange.step({ currentStage, keys: exchange.identity().set('AuthMethod', 'CHAP') });
  const challenge = decodeKeys(
    (await exchange.step({ currentStage, keys: [['CHAP_A', '7']] })).text,
  );
  const answer = await exchange.step({
    currentStage,
    nextStage: Stage.operational,
    transit: true,
    keys: [
      ['CHAP_N', 'alice'],
      ['CHAP_R', `0x${'11'.repeat(32)}`],
      ['CHAP_I', challenge.get('CHAP_I')!],
      ['CHAP_C', challenge.get('CHAP_C')!],
    ],
  });
  assert.equal(answer.statusClass, 2);
  assert.ok(!answer.text.includes('CHAP_R'));
  connection.destroy();
});
