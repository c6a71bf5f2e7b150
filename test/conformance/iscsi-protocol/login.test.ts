// Proves the login phase on the wire: stages, every operational key and its rule, and the status
// that each faulty login gets (RFC 7143, login phase and text keys).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Connection } from '../../initiator/connection.ts';
import { Initiator } from '../../initiator/initiator.ts';
import type { InitiatorError } from '../../initiator/initiator-error.ts';
import { decodeKeys, encodeKeys } from '../../initiator/keys.ts';
import { type LoginAnswer, LoginExchange, Stage } from '../../initiator/login.ts';
import { Demo, demoTargetName } from '../../support/demo.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

const NAMES = {
  InitiatorName: 'iqn.2026-11.test:login',
  TargetName: demoTargetName,
  SessionType: 'Normal',
};
const toOperational = { nextStage: Stage.operational, transit: true };
const toFullFeature = { nextStage: Stage.fullFeature, transit: true };

async function exchange(options = {}): Promise<LoginExchange & AsyncDisposable> {
  const connection = await Connection.open(demo.address(0));
  const made = new LoginExchange(connection, options);
  return Object.assign(made, {
    [Symbol.asyncDispose]: async () => {
      connection.destroy();
      await connection.closed;
    },
  });
}

function statusOf({ statusClass, statusDetail }: LoginAnswer): string {
  return (statusClass * 256 + statusDetail).toString(16).padStart(4, '0');
}

const operational = (keys: Record<string, string>) => ({
  currentStage: Stage.operational,
  ...toFullFeature,
  keys: Object.entries(keys),
});

test('security stage with AuthMethod=None, then operational, then full feature', async () => {
  await using login = await exchange();
  const security = await login.step({
    currentStage: Stage.security,
    ...toOperational,
    keys: Object.entries({ ...NAMES, AuthMethod: 'None' }),
  });
  assert.equal(statusOf(security), '0000');
  assert.equal(security.transit, true);
  const keys = decodeKeys(security.text);
  assert.equal(keys.get('AuthMethod'), 'None');
  assert.match(keys.get('TargetPortalGroupTag') ?? '', /^[0-9]+$/);
  const last = await login.step(operational({ MaxBurstLength: '65536' }));
  assert.equal(last.transit, true);
  assert.notEqual(last.tsih, 0);
});

test('from the security stage straight to full feature', async () => {
  await using login = await exchange();
  const answer = await login.step({
    currentStage: Stage.security,
    ...toFullFeature,
    keys: Object.entries({ ...NAMES, AuthMethod: 'CHAP,None' }),
  });
  assert.equal(statusOf(answer), '0000');
  assert.equal(answer.nextStage, Stage.fullFeature);
});

test('one request from operational to full feature', async () => {
  await using login = await exchange();
  const answer = await login.step(operational(NAMES));
  assert.equal(statusOf(answer), '0000');
  assert.equal(answer.transit, true);
  assert.notEqual(answer.tsih, 0);
});

test('text goes over several requests, a key cut in the middle', async () => {
  await using login = await exchange();
  const text = encodeKeys(Object.entries({ ...NAMES, MaxBurstLength: '131072' }));
  for (let at = 0; at < text.length - 20; at += 20) {
    const answer = await login.step({
      currentStage: Stage.operational,
      more: true,
      text: text.subarray(at, at + 20),
    });
    assert.equal(statusOf(answer), '0000');
    assert.equal(answer.transit, false);
  }
  const rest = text.subarray(Math.floor((text.length - 1) / 20) * 20);
  const last = await login.step({
    currentStage: Stage.operational,
    ...toFullFeature,
    text: rest,
  });
  assert.equal(statusOf(last), '0000');
  assert.equal(decodeKeys(last.text).get('MaxBurstLength'), '131072');
});

// Key, offer, and the answers that the key's rule allows.
const ANSWERS: readonly (readonly [string, string, RegExp])[] = [
  ['HeaderDigest', 'CRC32C,None', /^CRC32C$/],
  ['HeaderDigest', 'None,CRC32C', /^None$/],
  ['HeaderDigest', 'CRC32C', /^CRC32C$/],
  ['DataDigest', 'X-com.example.sum,CRC32C', /^CRC32C$/],
  ['DataDigest', 'X-com.example.sum', /^Reject$/],
  ['MaxConnections', '8', /^1$/],
  ['InitialR2T', 'Yes', /^Yes$/],
  ['InitialR2T', 'No', /^(Yes|No)$/],
  ['ImmediateData', 'No', /^No$/],
  ['ImmediateData', 'Yes', /^(Yes|No)$/],
  ['MaxBurstLength', '512', /^512$/],
  ['MaxBurstLength', '0x4000', /^(16384|0x4000)$/],
  ['MaxBurstLength', '16777215', /^[0-9]+$/],
  ['FirstBurstLength', '512', /^512$/],
  ['DefaultTime2Wait', '3600', /^3600$/],
  ['DefaultTime2Retain', '0', /^0$/],
  ['MaxOutstandingR2T', '1', /^1$/],
  ['MaxOutstandingR2T', '65535', /^[0-9]+$/],
  ['DataPDUInOrder', 'Yes', /^Yes$/],
  ['DataSequenceInOrder', 'Yes', /^Yes$/],
  ['ErrorRecoveryLevel', '2', /^0$/],
  ['TaskReporting', 'FastAbort,RFC3720', /^RFC3720$/],
  ['TaskReporting', 'FastAbort', /^Reject$/],
  ['iSCSIProtocolLevel', '2', /^2$/],
  ['iSCSIProtocolLevel', '1', /^[01]$/],
  ['iSCSIProtocolLevel', '31', /^[0-2]$/],
  ['X-com.example.key', 'whatever', /^NotUnderstood$/],
  ['OFMarker', 'No', /^(No|NotUnderstood|Reject|Irrelevant)$/],
];

for (const [key, offer, lawful] of ANSWERS) {
  test(`${key}=${offer} is answered by its rule`, async () => {
    await using login = await exchange();
    const answer = await login.step(operational({ ...NAMES, [key]: offer }));
    assert.equal(statusOf(answer), '0000');
    assert.match(decodeKeys(answer.text).get(key) ?? '(no answer)', lawful);
  });
}

// Values that the key's range or form forbids: answered with Reject, or the login is refused.
const FORBIDDEN: readonly (readonly [string, string])[] = [
  ['MaxBurstLength', '511'],
  ['MaxBurstLength', '16777216'],
  ['MaxBurstLength', '-1'],
  ['MaxBurstLength', 'many'],
  ['ImmediateData', 'Maybe'],
  ['ErrorRecoveryLevel', '3'],
  ['MaxOutstandingR2T', '0'],
  ['DefaultTime2Wait', '3601'],
];

for (const [key, offer] of FORBIDDEN) {
  test(`${key}=${offer} is not accepted`, async () => {
    await using login = await exchange();
    const answer = await login.step(operational({ ...NAMES, [key]: offer }));
    if (answer.statusClass === 0) assert.equal(decodeKeys(answer.text).get(key), 'Reject');
    else assert.equal(answer.statusClass, 2);
  });
}

// Faulty logins and the status of each.
const REFUSED: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  ['no InitiatorName', { TargetName: demoTargetName, SessionType: 'Normal' }, /^0207$/],
  ['no TargetName', { InitiatorName: NAMES.InitiatorName, SessionType: 'Normal' }, /^0207$/],
  ['an unknown target', { ...NAMES, TargetName: 'iqn.2026-11.test:nobody' }, /^0203$/],
  ['an unknown session type', { ...NAMES, SessionType: 'Other' }, /^02(00|09)$/],
];

for (const [what, keys, status] of REFUSED) {
  test(`a login with ${what} is refused, and the connection closed`, async () => {
    await using login = await exchange();
    assert.match(statusOf(await login.step(operational(keys))), status);
    await login.connection.closed;
  });
}

test('a TSIH that no session has is refused', async () => {
  await using login = await exchange({ tsih: 0xfffe });
  assert.equal(statusOf(await login.step(operational(NAMES))), '020a');
});

test('a second connection to a session is refused', async () => {
  const options = { ...demo.address(0), targetName: demoTargetName };
  const first = await Initiator.connect({ ...options, isid: { high: 0x8000, low: 77 } });
  const second = Initiator.connect({
    ...options,
    isid: { high: 0x8000, low: 77 },
    tsih: first.loginResult.tsih,
    cid: 1,
  });
  await assert.rejects(second, (error: InitiatorError) => {
    assert.equal(error.code, 'loginRefused');
    assert.equal(error.data['statusClass'], 2);
    assert.ok([0x06, 0x08].includes(error.data['statusDetail']!));
    return true;
  });
  await first.nop();
  await first.logout();
});

test('a key answered once is not negotiated anew', async () => {
  await using login = await exchange();
  const first = await login.step({
    currentStage: Stage.operational,
    keys: Object.entries({ ...NAMES, MaxBurstLength: '65536' }),
  });
  assert.equal(statusOf(first), '0000');
  const second = await login.step(operational({ MaxBurstLength: '4096' }));
  assert.notEqual(second.statusClass, 0);
});

test('a stage that is not there is refused', async () => {
  await using login = await exchange();
  const answer = await login.step({ currentStage: 2, keys: Object.entries(NAMES) });
  assert.equal(answer.statusClass, 2);
});

test('every PDU before the login is over but a Login Request ends the connection', async () => {
  const connection = await Connection.open(demo.address(0));
  const command = Buffer.alloc(48);
  command[0] = 0x01;
  command[1] = 0x80;
  connection.sendRaw(command);
  await connection.closed;
});
