import assert from 'node:assert/strict';
import { test } from 'node:test';

import { prepareName } from '../../../src/base/iscsi-name.ts';

test('names of the three types are taken, in lower case', () => {
  // Proves: iqn, eui and naa names pass and compare without regard to case.
  assert.equal(prepareName('iqn.2026-11.io.allpath:demo'), 'iqn.2026-11.io.allpath:demo');
  assert.equal(prepareName('IQN.1991-05.com.Microsoft:HOST'), 'iqn.1991-05.com.microsoft:host');
  assert.equal(prepareName('iqn.2004-01.com.example:a_b'), 'iqn.2004-01.com.example:a_b');
  assert.equal(prepareName('iqn.2004-01.com.example'), 'iqn.2004-01.com.example');
  assert.equal(prepareName('eui.02004567A425678D'), 'eui.02004567a425678d');
  assert.equal(prepareName('naa.52004567BA64678D'), 'naa.52004567ba64678d');
  assert.equal(
    prepareName('naa.62004567BA64678D0123456789ABCDEF'),
    'naa.62004567ba64678d0123456789abcdef',
  );
});

test('what is no iSCSI name is refused', () => {
  // Proves: type, date, characters and length are checked.
  const bad = [
    '',
    'demo',
    'iqn.2026-13.io.allpath:demo',
    'iqn.2026-11.',
    'iqn.2026-11.io.all path',
    'iqn.2026-11.io.allpath:a,b',
    'iqn.2026-11.io.allpath:a/b',
    'eui.0200',
    'naa.52004567BA64678D01',
    `iqn.2026-11.io.allpath:${'x'.repeat(201)}`,
  ];
  for (const name of bad) assert.equal(prepareName(name), undefined, name);
  assert.ok(prepareName(`iqn.2026-11.io.allpath:${'x'.repeat(200)}`));
});
