// Proves with real sockets that portals are opened, kept, given other tags and closed, and that one
// that cannot be opened is named with the reason.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import { PortalListeners } from '../../../../src/gateway/iscsi/portal-listeners.ts';
import { listen } from '../../../../src/host/net-socket.ts';
import type { Portal } from '../../../../src/iscsi/contracts.ts';
import { freePorts } from '../../../support/demo.ts';

function entry(port: number, tag: number, address = '127.0.0.1') {
  return { address, port, portalGroupTag: tag, relativePortIdentifier: tag };
}

/** Connects and resolves with the portal that the connection came in by; undefined: refused. */
function world() {
  let arrived: (portal: Portal | undefined) => void = () => {};
  const listeners = new PortalListeners(listen, (stream, portal) => {
    stream.destroy();
    arrived(portal);
  });
  const knock = (port: number, host = '127.0.0.1') =>
    new Promise<Portal | undefined>((resolve) => {
      arrived = resolve;
      connect({ port, host })
        .on('error', () => resolve(undefined))
        .resume();
    });
  return { listeners, knock };
}

test('portals open, take other tags while open, and close', async () => {
  const port = await freePorts(2);
  const { listeners, knock } = world();
  const both = [entry(port, 1), entry(port + 1, 2)];
  await listeners.listen(both);
  await listeners.keep(both);
  assert.equal((await knock(port))?.portalGroupTag, 1);
  assert.equal((await knock(port + 1))?.portalGroupTag, 2);
  const next = [entry(port + 1, 9)];
  await listeners.listen(next);
  await listeners.keep(next);
  assert.equal(await knock(port), undefined);
  assert.equal((await knock(port + 1))?.portalGroupTag, 9);
  assert.deepEqual(listeners.portals, [`127.0.0.1:${port + 1}`]);
  await listeners.close();
  assert.equal(await knock(port + 1), undefined);
});

test('initiators are told the address, and the gateway listens where it is told', async () => {
  const port = await freePorts(1);
  const { listeners, knock } = world();
  await listeners.listen([{ ...entry(port, 1, '192.0.2.1'), listen: '127.0.0.1' }]);
  assert.equal((await knock(port))?.address, '192.0.2.1');
  assert.deepEqual(listeners.portals, [`192.0.2.1:${port}`]);
  await listeners.close();
});

test('an IPv6 portal is shown in brackets', async () => {
  const port = await freePorts(1);
  const { listeners, knock } = world();
  await listeners.listen([entry(port, 1, '::1')]);
  assert.equal((await knock(port, '::1'))?.address, '::1');
  assert.deepEqual(listeners.portals, [`[::1]:${port}`]);
  await listeners.close();
});

test('what cannot be opened is named, with the reason, and what was open stays', async () => {
  const port = await freePorts(2);
  const { listeners, knock } = world();
  await listeners.listen([entry(port, 1)]);
  const taken = createServer().listen(port + 1, '127.0.0.1');
  await once(taken, 'listening');
  const refused = (address: string, message: RegExp) =>
    assert.rejects(listeners.listen([entry(port, 1), entry(port + 1, 2, address)]), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'portalUnavailable');
      assert.match(error.message, message);
      return true;
    });
  await refused('127.0.0.1', /cannot listen on 127\.0\.0\.1:\d+: another process listens there/);
  await refused('192.0.2.1', /192\.0\.2\.1:\d+: this machine does not have that address/);
  assert.ok(await knock(port));
  taken.close();
  await once(taken, 'close');
  await listeners.listen([entry(port + 1, 2)]);
  assert.ok(await knock(port + 1));
  await listeners.close();
});
