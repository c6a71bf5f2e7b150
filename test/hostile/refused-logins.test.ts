// Proves that a flood of logins that are refused leaves no memory behind: each such connection is
// over when its peer has closed, not when a timer ends it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../initiator/connection.ts';
import { LoginResponse } from '../initiator/pdu.ts';
import { Demo } from '../support/demo.ts';
import { loginRequest, wireBytes } from './pdu-corpus.ts';
import { Witness } from './witness.ts';

const CONNECTIONS = 3000;
const AT_ONCE = 10;
/** A connection kept until its timer ends would hold a quarter of a MiB, 750 MiB in all. */
const GROWTH_BYTES_MAX = 200 * 1024 * 1024;

test('refused logins', async (t) => {
  await using demo = await Demo.start();
  const witness = await Witness.start(demo);
  // No InitiatorName: status 0207h, missing parameter.
  const login = wireBytes(loginRequest({ cmdSn: 1, expStatSn: 0, initiatorTaskTag: 1 }, []));
  const refused = async () => {
    const connection = await Connection.open(demo.address(0));
    connection.sendRaw(login);
    const { bhs } = await connection.receive();
    connection.end();
    await connection.closed;
    return LoginResponse.statusClass.get(bhs) * 256 + LoginResponse.statusDetail.get(bhs);
  };
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
    const statuses = await Promise.all(Array.from({ length: AT_ONCE }, refused));
    assert.ok(statuses.every((status) => status === 0x0207));
  }
  const seen = await witness.finish();
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.rssGrowthBytes < GROWTH_BYTES_MAX, `${seen.rssGrowthBytes} bytes more`);
});
