// Proves the answer to every task management function: 1 to 8 of RFC 7143, and 9 to 12 of RFC 7144
// with iSCSIProtocolLevel=2 and without; aborted commands are answered no more.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testUnitReady, write16 } from '../../initiator/cdb.ts';
import type { CommandHandle, Initiator } from '../../initiator/initiator.ts';
import { Demo } from '../../support/demo.ts';
import { loggedIn } from './logged-in.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

const ServiceResponse = {
  complete: 0,
  noTask: 1,
  noLun: 2,
  notSupported: 5,
  rejected: 255,
} as const;
const TaskFunction = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  taskReassign: 8,
  queryTask: 9,
  queryTaskSet: 10,
  iTNexusReset: 11,
  queryAsynchronousEvent: 12,
} as const;

/** A write that waits for data that never come. */
function held(session: Initiator, lba: number): CommandHandle {
  return session.start({
    cdb: write16(lba, 8),
    dataOut: Buffer.alloc(4096, 0xaa),
    immediateLength: 0,
    unsolicitedLength: 0,
    onR2t: () => false,
  });
}

const SOLICITED = { InitialR2T: 'Yes', ImmediateData: 'No' };

async function serves(session: Initiator): Promise<void> {
  for (let attempts = 0; attempts < 10; attempts++) {
    if ((await session.execute({ cdb: testUnitReady() })).status === 0) return;
  }
  assert.fail('the session does not serve any more');
}

test('ABORT TASK ends its command, and knows when there is none', async () => {
  const session = await loggedIn(demo, { keys: SOLICITED });
  const command = held(session, 0);
  await session.nop();
  assert.equal(
    (await session.manage({ function: 1, of: command })).response,
    ServiceResponse.complete,
  );
  session.abandon(command);
  const again = await session.manage({
    function: TaskFunction.abortTask,
    referencedTaskTag: 0x7000_0000,
    refCmdSn: command.cmdSn! - 100,
  });
  assert.equal(again.response, ServiceResponse.noTask);
  await serves(session);
  await session.logout();
});

for (const name of ['abortTaskSet', 'clearTaskSet', 'logicalUnitReset'] as const) {
  test(`${name} ends every command of the logical unit`, async () => {
    const session = await loggedIn(demo, { keys: SOLICITED });
    const commands = [held(session, 0), held(session, 8), held(session, 16)];
    await session.nop();
    const { response } = await session.manage({ function: TaskFunction[name] });
    assert.equal(response, ServiceResponse.complete);
    session.abandon(...commands);
    await serves(session);
    const wrong = await session.manage({ function: TaskFunction[name], lun: 9 });
    assert.equal(wrong.response, ServiceResponse.noLun);
    await session.logout();
  });
}

test('CLEAR ACA and TASK REASSIGN are answered, with nothing done', async () => {
  const session = await loggedIn(demo);
  const aca = await session.manage({ function: TaskFunction.clearAca });
  assert.ok(
    [ServiceResponse.complete, ServiceResponse.notSupported, ServiceResponse.rejected].includes(
      aca.response as 0,
    ),
  );
  const reassign = await session.manage({ function: TaskFunction.taskReassign });
  // 4: task allegiance reassignment is not supported.
  assert.ok([1, 4, 5].includes(reassign.response));
  await serves(session);
  await session.logout();
});

test('TARGET WARM RESET ends commands; the session goes on', async () => {
  const session = await loggedIn(demo, { keys: SOLICITED });
  const command = held(session, 0);
  await session.nop();
  const { response } = await session.manage({ function: TaskFunction.targetWarmReset });
  assert.equal(response, ServiceResponse.complete);
  session.abandon(command);
  await serves(session);
  await session.logout();
});

test('TARGET COLD RESET ends the session, or is refused', async () => {
  const session = await loggedIn(demo);
  const { response } = await session.manage({ function: TaskFunction.targetColdReset });
  if (response === ServiceResponse.complete) {
    await session.closed;
  } else {
    assert.ok(response === ServiceResponse.notSupported || response === ServiceResponse.rejected);
    await session.logout();
  }
  await (await loggedIn(demo)).logout();
});

const LEVEL_2 = ['queryTask', 'queryTaskSet', 'iTNexusReset', 'queryAsynchronousEvent'] as const;

for (const name of LEVEL_2) {
  test(`${name} is not supported without iSCSIProtocolLevel=2`, async () => {
    const session = await loggedIn(demo, { keys: { iSCSIProtocolLevel: '1' } });
    const { response } = await session.manage({ function: TaskFunction[name] });
    assert.equal(response, ServiceResponse.notSupported);
    await serves(session);
    await session.logout();
  });
}

const level2 = { keys: { ...SOLICITED, iSCSIProtocolLevel: '2' } };

test('QUERY TASK and QUERY TASK SET tell whether commands live', async () => {
  const session = await loggedIn(demo, level2);
  assert.equal(session.parameters.protocolLevel, 2);
  const idle = await session.manage({ function: TaskFunction.queryTaskSet });
  assert.equal(idle.response, ServiceResponse.complete);
  const command = held(session, 0);
  await session.nop();
  // 7: function succeeded.
  assert.equal((await session.manage({ function: TaskFunction.queryTaskSet })).response, 7);
  const known = await session.manage({ function: TaskFunction.queryTask, of: command });
  assert.equal(known.response, 7);
  await session.manage({ function: TaskFunction.abortTask, of: command });
  session.abandon(command);
  const gone = await session.manage({ function: TaskFunction.queryTask, of: command });
  assert.ok([ServiceResponse.complete, ServiceResponse.noTask].includes(gone.response as 0));
  await session.logout();
});

test('QUERY ASYNCHRONOUS EVENT is answered, and takes no unit attention away', async () => {
  const session = await loggedIn(demo, level2);
  const { response } = await session.manage({ function: TaskFunction.queryAsynchronousEvent });
  assert.ok([0, 7].includes(response), `response ${response}`);
  await serves(session);
  await session.logout();
});

test('I_T NEXUS RESET ends the commands of this nexus', async () => {
  const session = await loggedIn(demo, level2);
  const bystander = await loggedIn(demo, level2);
  const command = held(session, 0);
  const other = held(bystander, 8);
  await session.nop();
  await bystander.nop();
  const { response } = await session.manage({ function: TaskFunction.iTNexusReset });
  assert.equal(response, ServiceResponse.complete);
  session.abandon(command);
  const alive = await bystander.manage({ function: TaskFunction.queryTask, of: other });
  assert.equal(alive.response, 7);
  await bystander.manage({ function: TaskFunction.abortTask, of: other });
  bystander.abandon(other);
  await bystander.logout();
  session.destroy();
});

test('a function that no standard knows is refused', async () => {
  const session = await loggedIn(demo);
  for (const code of [0, 13, 127]) {
    const { response } = await session.manage({ function: code });
    assert.ok(response === ServiceResponse.notSupported || response === ServiceResponse.rejected);
  }
  await session.logout();
});
