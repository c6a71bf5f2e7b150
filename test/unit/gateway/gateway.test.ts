// Proves the life of one gateway over a store in memory: what keeps it from starting and what it
// leaves then, that it serves each document whole, how it drains and closes, and what ends it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listen } from '../../../src/base/byte-stream.ts';
import { Failure } from '../../../src/base/failure.ts';
import { writeDocument } from '../../../src/control/document/document-record.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import { BEGIN_WAIT_MAX_MS } from '../../../src/gateway/logical-units.ts';
import type { Store } from '../../../src/gateway/store.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import { UNIT_RECORD_LENGTH_MAX } from '../../../src/units/limits.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { MemoryCluster, MemoryFencing } from '../../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { loginRequest, MemoryStream } from '../../support/iscsi-peer.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const IQN = 'iqn.2026-11.com.example:t';
const NAMES = ['InitiatorName=iqn.1994-05.com.example:host', `TargetName=${IQN}`];
const DRAIN_SECONDS = 5;
/** A gateway reads the document at least so often. */
const DOCUMENT_READ_MS = 5_000;

function documentOf(parts: object = {}) {
  return clusterDocument({
    disks: ['a', 'b'].map((name) => ({ name, size: '1M' })),
    gateways: [{ name: 'g', portals: [{ address: '192.0.2.1' }] }],
    targets: [{ iqn: IQN, luns: { 0: 'a', 1: 'b' }, access: 'any' }],
    settings: { drainSeconds: DRAIN_SECONDS },
    ...parts,
  });
}

/** A store in memory and the sockets of one host. */
class World {
  readonly clock = new VirtualClock();
  readonly random = new SeededRandom(1);
  readonly log = new RecordingLog();
  readonly volumes = new MemoryStore();
  readonly records = new MemoryRecordsWorld({ clock: this.clock, random: this.random });
  readonly cluster = new MemoryCluster();
  /** What accepts connections, by address. */
  readonly listening = new Map<string, (stream: MemoryStream) => void>();
  readonly refused = new Set<string>();
  readonly open = new Set<Volume>();
  /** Whether its gateways are members of a cluster. */
  isClustered = false;
  unfenced = Promise.withResolvers<void>();
  /** Called when a gateway reads or replaces a record, and when it has begun to listen. */
  onStep: (step: string) => Promise<void> = async () => {};
  #version = 0;

  async commit(document: ReturnType<typeof documentOf>): Promise<void> {
    const tool = await this.records.open('tool');
    this.#version = (await writeDocument(tool, this.#version, document)) ?? assert.fail();
    await tool.close();
  }

  async createDisks(): Promise<void> {
    for (const name of ['a', 'b']) await this.volumes.create(name, 2 ** 20);
  }

  async start(name = 'g'): Promise<Gateway> {
    const starting = this.begin(name);
    starting.catch(() => {});
    await this.clock.advance(3000);
    return await starting;
  }

  async begin(name = 'g'): Promise<Gateway> {
    const { clock, random, log } = this;
    const processFacts = {
      ...{ pid: 42, host: 'host', residentBytes: () => 1000 },
      utc: () => '2026-11-30T00:00:00Z',
      utcMs: () => clock.now(),
    };
    const store = await this.#store(name);
    return await Gateway.start({
      ...{ name, store, clock, random, log, processFacts },
      listen: this.#listen,
    });
  }

  /** A connection of an initiator. */
  connect(address = '192.0.2.1'): MemoryStream {
    const stream = new MemoryStream();
    (this.listening.get(address) ?? assert.fail(`nobody listens at ${address}`))(stream);
    return stream;
  }

  async logIn(): Promise<{ stream: MemoryStream; status: number | undefined }> {
    const stream = this.connect();
    stream.feed(loginRequest(NAMES, { words: { 24: 100 } }));
    await settle();
    return { stream, status: stream.take()[0]?.readUInt16BE(36) };
  }

  readonly #listen: Listen = async (address, accept) => {
    if (this.refused.has(address.address)) {
      throw new Failure('portalUnavailable', `${address.address} is in use`);
    }
    this.listening.set(address.address, accept as never);
    await this.onStep('listens');
    return { address, close: async () => void this.listening.delete(address.address) };
  };

  async #store(name: string): Promise<Store> {
    const { clock, random, volumes, open } = this;
    const records = await this.records.open(name);
    const get = records.get.bind(records);
    records.get = async (key) => {
      await this.onStep(key);
      return await get(key);
    };
    const compareAndSet = records.compareAndSet.bind(records);
    records.compareAndSet = async (key, version, value) => {
      await this.onStep(`replaces ${key}`);
      return await compareAndSet(key, version, value);
    };
    const driver = new MemoryFencing(this.cluster);
    driver.openInstance(name);
    const instances = [{ address: name, kind: 'records' as const }];
    return {
      ...{ location: { dir: '/store' }, isNew: false, records, volumes },
      membership: new MembershipStore({ records, clock, random }),
      ...(this.isClustered
        ? { fencing: { driver, instances, unfenced: this.unfenced.promise } }
        : {}),
      living: async () => [],
      openVolume: async (volume, known) => {
        const made = await volumes.open(volume, known);
        open.add(made);
        const close = made.close.bind(made);
        made.close = () => {
          open.delete(made);
          return close();
        };
        return made;
      },
      close: () => records.close(),
    };
  }
}

async function serving(parts: object = {}, isClustered = false) {
  const world = new World();
  world.isClustered = isClustered;
  await world.createDisks();
  await world.commit(documentOf(parts));
  const gateway = await world.start();
  return { world, gateway };
}

function hasCode(code: string) {
  return (error: Failure) => error.code === code;
}

test('a gateway serves the document of its store, and says what it serves', async () => {
  const { world, gateway } = await serving();
  assert.equal((await world.logIn()).status, 0);
  const { status } = gateway;
  assert.deepEqual(
    [status.name, status.pid, status.host, status.residentBytes, status.since],
    ['g', 42, 'host', 1000, '2026-11-30T00:00:00Z'],
  );
  assert.deepEqual(
    [status.portals, status.servedDisks, status.unserved?.count],
    [['192.0.2.1:3260'], 2, 0],
  );
  assert.deepEqual([status.draining, status.documentVersion, status.sessionCount], [false, 1, 1]);
  assert.deepEqual(status.sessions, [{ initiator: 'iqn.1994-05.com.example:host', target: IQN }]);
  await world.clock.advance(10_000);
  assert.ok(gateway.status.uptimeSeconds >= 10);
  await gateway.close();
});

test('without a document, or with one that lacks it, a gateway does not start', async () => {
  const world = new World();
  await assert.rejects(world.start(), hasCode('documentMissing'));
  await world.commit(documentOf());
  await assert.rejects(world.start('other'), hasCode('gatewayUnknown'));
  assert.equal(world.listening.size, 0);
});

test('a gateway whose portal cannot be opened leaves nothing behind', async () => {
  for (const isClustered of [false, true]) {
    const world = new World();
    world.isClustered = isClustered;
    await world.createDisks();
    await world.commit(documentOf());
    world.refused.add('192.0.2.1');
    await assert.rejects(world.start(), hasCode('portalUnavailable'));
    assert.deepEqual([world.open.size, world.listening.size], [0, 0]);
    world.refused.clear();
    const gateway = await world.start();
    assert.equal((await world.logIn()).status, 0, 'its name is free again');
    await gateway.close();
  }
});

test('a disk that does not open is left out, named, and the others are served', async () => {
  const world = new World();
  await world.volumes.create('b', 2 ** 20);
  await world.commit(documentOf());
  const gateway = await world.start();
  assert.equal((await world.logIn()).status, 0);
  const { servedDisks, unserved } = gateway.status;
  assert.deepEqual([servedDisks, unserved?.count], [1, 1]);
  assert.deepEqual(
    unserved?.disks.map(({ disk }) => disk),
    ['a'],
  );
  await gateway.close();
});

test('a login waits until all gateways know a disk as the document has it; after 2 s, without it', async () => {
  const { world, gateway } = await serving({}, true);
  await Promise.all([gateway.close(), world.clock.advance(10_000)]);
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M', readOnly: name === 'a' }));
  const document = documentOf({ disks });
  await world.commit(document);
  const { uuid } = document.disks.find(({ name }) => name === 'a')!;
  const held = Promise.withResolvers<void>();
  let isHeld = false;
  world.onStep = async (step) => {
    if (step !== `replaces units/${uuid}`) return;
    isHeld = true;
    await held.promise;
  };
  const starting = world.begin();
  for (let ms = 0; ms < 10_000 && !isHeld; ms += 10) await world.clock.advance(10);
  assert.ok(isHeld);
  await world.clock.advance(BEGIN_WAIT_MAX_MS - 100);
  assert.notEqual((await world.logIn()).status, 0);
  await world.clock.advance(100);
  assert.equal((await world.logIn()).status, 0);
  const again = await starting;
  const served = () => {
    const { servedDisks, unserved } = again.status;
    return [servedDisks, unserved?.disks.map(({ disk }) => disk)];
  };
  assert.deepEqual(served(), [1, ['a']]);
  held.resolve();
  await world.clock.advance(2 * DOCUMENT_READ_MS);
  assert.deepEqual(served(), [2, []]);
  const events = ['disk_not_served', 'disk_served_again'];
  const logged = world.log.lines.filter(({ event }) => events.includes(event));
  assert.deepEqual(
    logged.map(({ event }) => event),
    events,
  );
  await Promise.all([again.close(), world.clock.advance(10_000)]);
});

const text = (content: string) => new TextEncoder().encode(content);

for (const [what, bytes, remedy] of [
  ['that is malformed', text('{"formatVersion":1,"content":{}}'), /allpath disk forget-state/],
  ['of a later format', text('{"formatVersion":99,"content":{}}'), /the release that wrote it/],
  ['that is too large', new Uint8Array(UNIT_RECORD_LENGTH_MAX + 1), /allpath disk forget-state/],
] as const) {
  test(`a record of a unit ${what}: its disk is not served, which is said once`, async () => {
    const world = new World();
    world.isClustered = true;
    await world.createDisks();
    const document = documentOf();
    await world.commit(document);
    const { uuid } = document.disks.find(({ name }) => name === 'a')!;
    const tool = await world.records.open('tool');
    await tool.compareAndSet(`units/${uuid}`, 0, bytes);
    const gateway = await world.start();
    assert.equal((await world.logIn()).status, 0);
    await world.clock.advance(60_000);
    const { servedDisks, unserved } = gateway.status;
    assert.deepEqual([servedDisks, unserved?.disks.map(({ disk }) => disk)], [1, ['a']]);
    const reason = unserved?.disks[0]?.reason ?? '';
    assert.match(reason, remedy);
    assert.ok(reason.includes(`units/${uuid}`), reason);
    const said = world.log.lines.filter(({ event }) => event === 'disk_not_served');
    assert.deepEqual(
      said.map(({ fields }) => fields),
      [{ disk: 'a', reason }],
    );
    await Promise.all([gateway.close(), world.clock.advance(10_000)]);
  });
}

test('another document is served whole: portals, access and sessions switch together', async () => {
  const { world, gateway } = await serving();
  const { stream } = await world.logIn();
  await world.commit(
    documentOf({
      gateways: [{ name: 'g', portals: [{ address: '192.0.2.2' }] }],
      targets: [{ iqn: IQN, luns: { 0: 'b' }, access: [] }],
    }),
  );
  await world.clock.advance(60_000);
  assert.deepEqual([gateway.status.documentVersion, gateway.status.sessionCount], [2, 0]);
  assert.ok(stream.destroyed, 'it is not admitted any longer');
  assert.deepEqual([...world.listening.keys()], ['192.0.2.2']);
  assert.deepEqual([gateway.status.servedDisks, world.open.size], [1, 1]);
  await gateway.close();
});

test('a drain refuses logins, asks for logouts and ends when the last initiator has left', async () => {
  const { world, gateway } = await serving();
  const { stream } = await world.logIn();
  let isDrained = false;
  void gateway.drain().then(() => {
    isDrained = true;
  });
  await world.clock.advance(1000);
  const [asked] = stream.take();
  assert.deepEqual([asked?.[0], asked?.[36]], [0x32, 1], 'an Asynchronous Message: log out');
  assert.deepEqual([gateway.status.draining, isDrained], [true, false]);
  assert.equal((await world.logIn()).status, 0x0301, 'service unavailable');
  stream.destroy();
  await world.clock.advance(100);
  assert.ok(isDrained);
  await gateway.close();
});

test('a drain waits for as long as the document says, and no longer', async () => {
  const { world, gateway } = await serving();
  await world.logIn();
  let isDrained = false;
  void gateway.drain().then(() => {
    isDrained = true;
  });
  await world.clock.advance(DRAIN_SECONDS * 1000 - 1);
  assert.equal(isDrained, false);
  await world.clock.advance(100);
  assert.equal(isDrained, true);
  await gateway.close();
});

test('its close ends sessions, portals and volumes, and leaves no timer of its own', async () => {
  const { world, gateway } = await serving();
  const { stream } = await world.logIn();
  await gateway.close();
  assert.ok(stream.destroyed);
  assert.deepEqual([world.listening.size, world.open.size], [0, 0]);
  await world.clock.advance(60_000);
  assert.equal(world.clock.pending, 0);
});

test('its close ends sessions at once, also while it reads the document', async () => {
  const { world, gateway } = await serving();
  const { stream } = await world.logIn();
  world.onStep = () => new Promise(() => {});
  await world.clock.advance(DOCUMENT_READ_MS);
  assert.equal(stream.destroyed, false);
  const closed = gateway.close();
  await settle();
  assert.ok(stream.destroyed);
  await Promise.all([closed, world.clock.advance(10_000)]);
});

test('its close takes no longer than its bound, whatever hangs', async () => {
  const { world, gateway } = await serving();
  for (const volume of world.open) volume.close = () => new Promise(() => {});
  let isClosed = false;
  void gateway.close().then(() => {
    isClosed = true;
  });
  await world.clock.advance(2999);
  assert.equal(isClosed, false);
  await world.clock.advance(1);
  assert.equal(isClosed, true);
});

test('a member of a cluster leaves when it closes, and its name is free at once', async () => {
  const { world, gateway } = await serving({}, true);
  const first = gateway.self;
  await Promise.all([gateway.close(), world.clock.advance(1000)]);
  const again = await world.start();
  assert.notEqual(again.self.incarnation, first.incarnation);
  assert.equal((await world.logIn()).status, 0);
  await Promise.all([again.close(), world.clock.advance(1000)]);
});

test('a gateway shows as serving when its units are loaded and its portals listen', async () => {
  const world = new World();
  world.isClustered = true;
  await world.createDisks();
  const document = documentOf();
  await world.commit(document);
  const { clock, random } = world;
  const membership = new MembershipStore({
    records: await world.records.open('observer'),
    ...{ clock, random },
  });
  const shown = new Map<string, readonly string[]>();
  const early: MemoryStream[] = [];
  world.onStep = async (step) => {
    const { members } = await membership.read();
    shown.set(
      step,
      members.map(({ state }) => state),
    );
    if (step === 'listens') early.push((await world.logIn()).stream);
  };
  const gateway = await world.start();
  for (const { uuid } of document.disks) {
    assert.deepEqual(shown.get(`units/${uuid}`), ['joining'], 'its units are not loaded');
  }
  assert.deepEqual(shown.get('listens'), ['joining'], 'its portals do not listen');
  assert.ok(early.length > 0 && early.every(({ destroyed }) => destroyed));
  const { members } = await membership.read();
  assert.deepEqual(
    members.map(({ state }) => state),
    ['serving'],
  );
  assert.equal((await world.logIn()).status, 0);
  await Promise.all([gateway.close(), world.clock.advance(1000)]);
});

test('a gateway is over when what it submitted cannot be fenced, and its sessions say so', async () => {
  const { world, gateway } = await serving({}, true);
  await world.logIn();
  world.unfenced.resolve();
  assert.equal(await gateway.over, 'unfenced');
  await Promise.all([gateway.close(), world.clock.advance(10_000)]);
  const reasons = world.log.lines.map(({ fields }) => fields?.['reason']);
  assert.ok(reasons.includes('gateway has stuck writes that it cannot fence'));
});

test('a gateway that was stopped for too long is over', async () => {
  const { world, gateway } = await serving({}, true);
  world.clock.skip(120_000);
  await world.clock.advance(5000);
  assert.match(await gateway.over, /^(stalled|closed|cut)$/);
  await Promise.all([gateway.close(), world.clock.advance(10_000)]);
});
