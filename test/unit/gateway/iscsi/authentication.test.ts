// CHAP of the document as the transport takes it: one way, both ways, or none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { authenticationOf } from '../../../../src/gateway/iscsi/authentication.ts';

test('one way, both ways, or none', () => {
  const own = { user: 'u', secret: 'twelve bytes' };
  const back = { user: 't', secret: 'zwölf Bytes!' };
  const initiator = { user: 'u', secret: new TextEncoder().encode('twelve bytes') };
  const target = { user: 't', secret: new TextEncoder().encode('zwölf Bytes!') };
  assert.equal(authenticationOf(undefined), undefined);
  assert.deepEqual(authenticationOf(own), { initiator, target: undefined });
  assert.deepEqual(authenticationOf({ ...own, mutual: back }), { initiator, target });
});
