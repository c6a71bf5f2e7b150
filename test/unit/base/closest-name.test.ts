// Proves which name is suggested for a word that is not known, and that long lists stay cheap.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestName, didYouMean } from '../../../src/base/closest-name.ts';

test('one slip for three characters, and the closest of several', () => {
  const names = ['status', 'apply', 'get', 'gateway', 'gateway0', 'gateway1'];
  const meant = {
    statsu: 'status',
    STATUS: 'status',
    aply: 'apply',
    gt: 'get',
    gatway: 'gateway',
    'gateway-1': 'gateway1',
    geteway11: 'gateway1',
    gate: 'gateway',
  };
  for (const [word, name] of Object.entries(meant)) assert.equal(closestName(word, names), name);
  for (const word of ['', 'x', 'delete', 'gateway'.repeat(9), 'toast']) {
    assert.equal(closestName(word, names), undefined, word);
  }
});

test('a name that would have to be typed whole is no suggestion', () => {
  assert.equal(closestName('c', ['a', 'b']), undefined);
  assert.equal(didYouMean('c', ['a']), '');
  assert.equal(didYouMean('ab', ['abc']), '; did you mean abc?');
});
