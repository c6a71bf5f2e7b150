// Proves that `demo --throwaway-ceph` says what it does while its cluster comes up, and leaves
// nothing: neither when it is told to end then, nor when it is killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processIdentity,
  processState,
} from '../../src/host/process-identity.ts';
import { freePorts } from '../support/demo.ts';
import { tied } from '../support/tied.ts';
import { waitFor } from '../support/wait-for.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const endLimitMs = 60_000;
const here = ownProcessIdentity();

/** Starts a demo, sends it the signal when its OSD is being started, and waits for its end. */
async function signalled(parent: string, signal: NodeJS.Signals): Promise<ProcessIdentity[]> {
  const port = await freePorts(2);
  const args = ['demo', '--throwaway-ceph', '--size', '64M', '--port', String(port), '--json'];
  const demo = spawn(...tied(program, args), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: parent },
  });
  const late = setTimeout(() => demo.kill('SIGKILL'), endLimitMs);
  const ended = once(demo, 'exit');
  const daemons: ProcessIdentity[] = [];
  for await (const line of createInterface(demo.stdout)) {
    const event = line.startsWith('{') ? (JSON.parse(line) as Record<string, unknown>) : {};
    if (event['event'] !== 'progress' || event['text'] !== 'making the pool allpath') continue;
    daemons.push(...daemonsBelow(parent));
    demo.kill(signal);
  }
  await ended;
  clearTimeout(late);
  return daemons;
}

/** The daemons whose folder lies there: by the file that each writes its process id into. */
function daemonsBelow(parent: string): ProcessIdentity[] {
  const pids = globSync(join(parent, '*', 'run', '*.pid')).map((file) =>
    Number(readFileSync(file, 'latin1')),
  );
  return pids.flatMap((pid) => processIdentity(pid) ?? []);
}

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`${signal} while the cluster comes up leaves no daemon`, async () => {
    const parent = await mkdtemp(join(tmpdir(), 'allpath-test-'));
    try {
      const daemons = await signalled(parent, signal);
      assert.equal(daemons.length, 2, 'a monitor and an OSD');
      const haveEnded = () => daemons.every((each) => processState(each, here) === 'ended');
      await waitFor('the daemons end', haveEnded, endLimitMs);
      if (signal === 'SIGINT') assert.deepEqual(await readdir(parent), []);
    } finally {
      await rm(parent, { recursive: true, force: true });
    }
  });
}
