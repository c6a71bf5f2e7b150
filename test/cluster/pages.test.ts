// Proves that every command of the pages about Ceph runs as its page says, from the pool and its
// user to the fence of a gateway; all others: test/process/pages.test.ts.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { NetworkNamespace } from '../support/network-namespace.ts';
import { blocksOf, commandsOf } from '../support/page-blocks.ts';
import { install, makeRepository, readPages } from '../support/page-clone.ts';
import { needsCeph } from '../support/page-parts.ts';
import { PageRun, type ReaderPart } from '../support/page-run.ts';
import { ScratchHost } from '../support/scratch-host.ts';

const missing = await NetworkNamespace.missing();
const skip = missing === undefined ? false : `no network namespaces here: ${missing}`;
const pages = readPages();
const blocks = [...pages].flatMap(([page, text]) => blocksOf(page, text));
/** A root of another release may have none; whoever runs `npm test` has it. */
const hasNpm = (process.env['PATH'] ?? '').split(':').some((folder) => {
  return existsSync(join(folder, 'npm'));
});
const store = '--ceph /etc/ceph/ceph.conf --pool disks';

test('every command about Ceph runs as its page says', { skip }, async (t) => {
  await using network = await NetworkNamespace.create();
  await using ceph = await ThrowawayCeph.start({
    osds: 3,
    address: network.hostAddress,
    lines: { global: [erasureProfile] },
  });
  await using host = await ScratchHost.create({
    network,
    // Those of the gateways in the guide.
    addresses: ['192.0.2.11', '192.0.2.12'],
    changed: ['/etc', '/opt', '/usr/local/bin'],
  });
  await makeAdministrator(host, ceph);
  const repository = await makeRepository(host.folder);
  for (const [page, cwd, part] of [
    ['docs/guide/ceph.md', host.home, guidePart(repository)],
    ['README.md', '/opt/allpath', readmePart()],
  ] as const) {
    if (page === 'README.md' && !hasNpm) {
      t.diagnostic(`${page} is left out: there is no npm in PATH`);
      continue;
    }
    const run = await PageRun.begin(host, cwd, part);
    await run.blocks(blocks.filter((block) => block.page === page && needsCeph(block)));
    assert.ok((await run.end()).length > 0, `${page}: no command was run`);
  }
});

/** What `ceph osd pool create NAME erasure` takes: three OSDs on one host hold it. */
const erasureProfile =
  'osd pool default erasure code profile = ' +
  'plugin=jerasure technique=reed_sol_van k=2 m=1 crush-failure-domain=osd';

/** Gives the host what an administrator of the cluster has there. */
async function makeAdministrator(host: ScratchHost, ceph: ThrowawayCeph): Promise<void> {
  const folder = join(host.folder, 'ceph');
  await mkdir(folder);
  const conf = await ceph.ask({ prefix: 'config generate-minimal-conf' });
  await writeFile(join(folder, 'ceph.conf'), conf);
  await copyFile(ceph.keyring(), join(folder, 'ceph.client.admin.keyring'));
  const shell = await host.shell();
  await shell.mustRun(`rm -rf /etc/ceph && cp -r '${folder}' /etc/ceph`);
}

function guidePart(repository: string): ReaderPart {
  return {
    words: { '<this repository>': repository },
    before: {
      'ln -s /opt/allpath': install,
      // A snapshot that is good, and the disk taken out of its LUN maps.
      'rbd mv disks/disk1 ': [
        'rbd snap create disks/disk1@good &&',
        'sed "s/luns: .*/luns: {}/" cluster.yaml > unmapped.yaml &&',
        `allpath apply unmapped.yaml ${store}`,
      ].join('\n'),
      'allpath disk import old': 'rbd create disks/old --size 1G',
    },
    after: {
      'allpath ceph caps --pool disks': prints('ceph auth get-or-create '),
      'allpath ceph caps --existing': prints('ceph auth caps '),
      // What is copied to each host.
      'ceph config generate-minimal-conf': 'cp minimal.conf /etc/ceph/ceph.conf',
      'allpath disk import disk1': `allpath apply cluster.yaml ${store}`,
    },
  };
}

/** Shell text that fails unless the command before printed the page's next one. */
function prints(beginning: string): string {
  const commands = blocks.flatMap(commandsOf).map(({ text }) => text);
  const [next] = commands.filter((text) => text.startsWith(beginning));
  const before = commands[commands.indexOf(next ?? '') - 1];
  return `diff <(${before}) - <<'END'\n${next}\nEND`;
}

function readmePart(): ReaderPart {
  // "The same two qemu-io lines work."
  const commands = blocks.filter(({ page }) => page === 'README.md').flatMap(commandsOf);
  const io = commands.map(({ text }) => text).filter((text) => text.startsWith('qemu-io '));
  assert.equal(io.length, 2);
  return {
    words: { POOL: 'demo' },
    before: { 'npm start -- --ceph': 'ceph osd pool create demo && rbd pool init demo' },
    after: { 'npm start -- --throwaway-ceph': io.join(' && ') },
  };
}
