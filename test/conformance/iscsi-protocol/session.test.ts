// Proves what a session is: reinstatement, logout in its three kinds, discovery with the portals of
// all gateways, NOP, the CmdSN window with commands out of order, both address families.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { read16, testUnitReady } from '../../initiator/cdb.ts';
import { Initiator } from '../../initiator/initiator.ts';
import { freshIsid } from '../../initiator/login.ts';
import { NO_TAG, NopIn, NopOut, Opcode, pdu, ScsiCommand } from '../../initiator/pdu.ts';
import { Demo, demoTargetName } from '../../support/demo.ts';
import { loggedIn } from './logged-in.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

test('a login with the names of a living session takes its place', async () => {
  const isid = freshIsid();
  const first = await loggedIn(demo, { isid });
  const second = await loggedIn(demo, { isid });
  await first.closed;
  assert.equal(first.isOpen, false);
  await second.nop();
  await second.logout();
});

test('the same initiator has sessions side by side with different ISIDs', async () => {
  const first = await loggedIn(demo);
  const second = await loggedIn(demo);
  await first.nop();
  assert.equal(await second.logout(), 0);
  await first.nop();
  await first.logout();
});

test('logout: of the session, of the connection, and none for recovery at level 0', async () => {
  const first = await loggedIn(demo);
  assert.equal(await first.logout(0), 0);
  const second = await loggedIn(demo);
  assert.equal(await second.logout(1), 0);
  const third = await loggedIn(demo);
  // Response 2: connection recovery is not supported.
  assert.equal(await third.logout(2), 2);
  third.destroy();
});

test('SendTargets lists the portals of all gateways, through each of them', async () => {
  for (const [gateway] of demo.addresses().entries()) {
    const discovery = await Initiator.connect({
      ...demo.address(gateway),
      sessionType: 'Discovery',
    });
    const targets = await discovery.sendTargets();
    const addresses = targets.get(demoTargetName) ?? [];
    const tags = new Set<string>();
    for (const { host, port } of demo.addresses()) {
      const found = addresses.find((address) => address.startsWith(`${host}:${port},`));
      assert.ok(found !== undefined, `${host}:${port} is not in ${addresses.join(' ')}`);
      tags.add(found.split(',')[1]!);
    }
    assert.equal(tags.size, demo.gateways);
    assert.deepEqual(await discovery.sendTargets(demoTargetName), targets);
    assert.equal(await discovery.logout(), 0);
  }
});

test('SendTargets in a normal session names its own target', async () => {
  const session = await loggedIn(demo);
  assert.deepEqual([...(await session.sendTargets('')).keys()], [demoTargetName]);
  await session.logout();
});

test('a discovery session takes no SCSI command', async () => {
  const discovery = await Initiator.connect({ ...demo.address(0), sessionType: 'Discovery' });
  await assert.rejects(discovery.execute({ cdb: testUnitReady() }), (error) => {
    assert.match(String(error), /rejected|connectionLost/);
    return true;
  });
  discovery.destroy();
});

test('NOP-Out comes back with its data, and without answer where none is asked', async () => {
  const session = await loggedIn(demo);
  const data = Buffer.from('to and fro, all of it');
  assert.ok((await session.nop(data)).equals(data));
  assert.equal((await session.nop()).length, 0);
  const { cmdSn, expStatSn } = session.sequence;
  session.connection.send(
    pdu(NopOut, {
      opcode: Opcode.nopOut,
      immediate: 1,
      final: 1,
      initiatorTaskTag: NO_TAG,
      targetTransferTag: NO_TAG,
      cmdSn,
      expStatSn,
    }),
  );
  assert.equal((await session.nop(data)).length, data.length);
  await session.logout();
});

test('a NOP-Out longer than our own segment limit is cut to it', async () => {
  const session = await loggedIn(demo, { keys: { MaxRecvDataSegmentLength: '512' } });
  const data = Buffer.alloc(2000, 'x');
  assert.ok((await session.nop(data)).equals(data.subarray(0, 512)));
  await session.logout();
});

test('commands are executed in the order of their CmdSN, not of their arrival', async () => {
  const session = await loggedIn(demo);
  const start = session.sequence.cmdSn;
  const ping = (cmdSn: number) => {
    const initiatorTaskTag = session.takeTag();
    const answer = session.receiveAnswer(initiatorTaskTag, Opcode.nopIn);
    const fields = { final: 1, initiatorTaskTag, targetTransferTag: NO_TAG, cmdSn };
    session.connection.send(
      pdu(NopOut, { opcode: Opcode.nopOut, ...fields, expStatSn: session.sequence.expStatSn }),
    );
    return answer;
  };
  for (let count = 0; count < 3; count++) session.sequence.takeCmdSn();
  const order: number[] = [];
  const watch = (answer: Promise<{ bhs: Buffer }>, name: number) =>
    answer.then(({ bhs }) => order.push(name, NopIn.expCmdSn.get(bhs)));
  const third = watch(ping(start + 2), 3);
  const second = watch(ping(start + 1), 2);
  await session.nop();
  assert.deepEqual(order, []);
  await Promise.all([third, second, watch(ping(start), 1)]);
  assert.deepEqual(
    order.filter((_, index) => index % 2 === 0),
    [1, 2, 3],
  );
  await session.logout();
});

test('a command outside of the window or with an old CmdSN is dropped without a word', async () => {
  const session = await loggedIn(demo);
  const { cmdSn, maxCmdSn, expStatSn } = session.sequence;
  for (const wrong of [maxCmdSn + 1, maxCmdSn + 1000, cmdSn - 1]) {
    session.connection.send(
      pdu(ScsiCommand, {
        opcode: Opcode.scsiCommand,
        final: 1,
        attribute: 1,
        initiatorTaskTag: 0xfffffff0,
        cmdSn: wrong >>> 0,
        expStatSn,
      }),
    );
  }
  // An answer to one of these would carry a tag that the initiator does not know.
  await session.nop();
  assert.equal((await session.execute({ cdb: testUnitReady() })).status, 0);
  await session.logout();
});

test('immediate commands pass by the window', async () => {
  const session = await loggedIn(demo);
  const { cmdSn } = session.sequence;
  const { status } = await session.execute({ cdb: testUnitReady(), immediate: true });
  assert.equal(status, 0);
  assert.equal(session.sequence.cmdSn, cmdSn);
  const read = await session.execute({ cdb: read16(0, 1), dataInLength: 512 });
  assert.equal(read.status, 0);
  await session.logout();
});
