import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBinary } from '../../src/iscsi/login/binary-value.ts';
import { CHAP_ALGORITHMS, chapResponse } from '../../src/iscsi/login/chap.ts';
import type { LoginRequestHeader } from '../../src/iscsi/login/login-pdu.ts';
import { LoginStatus } from '../../src/iscsi/standard/login-status.ts';
import {
  CREDENTIALS,
  loginBench,
  OPERATIONAL_TO_FULL,
  SECURITY,
  SECURITY_TO_OPERATIONAL,
  textOf,
  WHO,
} from '../unit/iscsi/login/login-fixture.ts';

const runs = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 1000);

interface ScriptStep {
  readonly header: Partial<LoginRequestHeader>;
  readonly text: Uint8Array;
}

/** A good CHAP login; the challenge is known because the test's random bytes count up. */
function goodLogin(secret: Uint8Array): readonly ScriptStep[] {
  const challenge = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  const response = formatBinary(chapResponse(CHAP_ALGORITHMS[2]!, 0, secret, challenge));
  return [
    { header: SECURITY, text: textOf([...WHO, 'AuthMethod=CHAP,None']) },
    { header: SECURITY, text: textOf(['CHAP_A=7,5']) },
    {
      header: SECURITY_TO_OPERATIONAL,
      text: textOf(['CHAP_N=alice', `CHAP_R=${response}`, 'CHAP_I=3', 'CHAP_C=0x0011']),
    },
    {
      header: OPERATIONAL_TO_FULL,
      text: textOf(['HeaderDigest=CRC32C,None', 'MaxBurstLength=65536', 'InitialR2T=No']),
    },
  ];
}

function run(script: readonly ScriptStep[]): string {
  const bench = loginBench();
  bench.directory.authentication = CREDENTIALS;
  for (const { header, text } of script) {
    const { outcome, reply } = bench.sendBytes(header, text);
    assert.ok(reply.text.length <= 8192);
    assert.ok(Object.values<number>(LoginStatus).includes(reply.status));
    if (outcome !== undefined) return outcome.kind;
  }
  return 'open';
}

const flip = fc.record({
  step: fc.nat(3),
  at: fc.nat(200),
  bits: fc.integer({ min: 1, max: 255 }),
});
const order = fc.oneof(fc.constant([1, 2, 3]), fc.array(fc.nat(3), { maxLength: 8 }));
const anyHeader = fc.record(
  {
    transit: fc.boolean(),
    continue: fc.boolean(),
    currentStage: fc.nat(3),
    nextStage: fc.nat(3),
    tsih: fc.nat(1),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Mostly left as it is, so that a login comes far before it goes wrong. */
const header = fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, anyHeader);

test('the unchanged login succeeds', () => {
  // Proves: the script that the next tests change is a good one.
  assert.equal(run(goodLogin(CREDENTIALS.initiator.secret)), 'established');
});

test('changed logins are answered or ended', () => {
  // Proves: flipped bytes, changed headers, steps repeated, left out or exchanged never throw.
  const script = goodLogin(CREDENTIALS.initiator.secret);
  fc.assert(
    fc.property(
      fc.array(flip, { maxLength: 3 }),
      order,
      fc.nat(3),
      header,
      (flips, steps, at, h) => {
        const changed = script.map(({ header: kept, text }, i) => {
          const bytes = Buffer.from(text);
          for (const each of flips) {
            if (each.step === i) bytes[each.at % bytes.length]! ^= each.bits;
          }
          return { header: i === at ? { ...kept, ...h } : kept, text: bytes };
        });
        run(changed);
        run([0, ...steps].map((i) => changed[i]!));
      },
    ),
    { numRuns: runs },
  );
});

test('no order of steps comes in without the secret', () => {
  // Proves: with a wrong secret, no sequence of otherwise good requests and headers establishes.
  const script = goodLogin(Buffer.from('guess'));
  fc.assert(
    fc.property(order, fc.array(header, { minLength: 8, maxLength: 8 }), (steps, headers) => {
      const requests = [0, ...steps].map((i, n) => ({
        header: { ...script[i]!.header, ...headers[n] },
        text: script[i]!.text,
      }));
      assert.notEqual(run(requests), 'established');
    }),
    { numRuns: runs },
  );
});
