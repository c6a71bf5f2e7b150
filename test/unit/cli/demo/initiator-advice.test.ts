// Proves that initiators with the settings that the demo prints fail over only when no late write
// of a lost gateway can land: not sooner than 8 s after its last sign of life.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initiatorAdvice } from '../../../../src/cli/demo/initiator-advice.ts';

const lateWriteMaxSeconds = 8;
const target = 'iqn.2026-11.com.example:t';
const text = initiatorAdvice({
  target,
  portals: [
    { address: '192.0.2.1', port: 3260 },
    { address: '2001:db8::1', port: 3261 },
  ],
});

function seconds(pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  return Number(found ?? assert.fail(`${pattern} is not printed`));
}

test('Linux: probe, its time-out and the wait for the session are 8 s together', () => {
  const interval = seconds(/noop_out_interval' -v (\d+)/);
  const timeout = seconds(/noop_out_timeout' -v (\d+)/);
  const replacement = seconds(/replacement_timeout' -v (\d+)/);
  assert.equal(interval + timeout + replacement, lateWriteMaxSeconds);
  // multipathd writes this over the replacement time-out of its paths.
  assert.equal(seconds(/fast_io_fail_tmo (\d+)/), replacement);
});

test('Linux: two paths to one unit are enough for multipathd to join them', () => {
  // Its default, strict, joins none that an administrator has not named before.
  assert.match(text, /\ndefaults \{\n {2}find_multipaths yes\n\}\n/);
});

test('ESXi: the sum is no shorter', () => {
  const interval = seconds(/NoopOutInterval -v (\d+)/);
  const timeout = seconds(/NoopOutTimeout -v (\d+)/);
  const recovery = seconds(/RecoveryTimeout -v (\d+)/);
  assert.ok(interval + timeout + recovery >= lateWriteMaxSeconds);
});

test('every portal is told to every initiator, IPv6 in brackets where a port follows', () => {
  for (const each of ['192.0.2.1:3260', '[2001:db8::1]:3261']) {
    assert.ok(text.includes(`-a ${each}`));
    assert.ok(text.includes(`iscsi://${each}/${target}/0`));
  }
  assert.match(text, /-TargetPortalAddress '2001:db8::1' -TargetPortalPortNumber 3261/);
});
