// Proves, with real processes, that the demo serves, supervises, ends cleanly and keeps a store.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/demo.ts';
import { mustRun } from '../support/run.ts';
import { linesOnTerminal } from '../support/terminal-lines.ts';
import { tied } from '../support/tied.ts';
import { waitFor } from '../support/wait-for.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const setUp = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
const stepLimitMs = 60_000;

interface Event {
  readonly event?: string;
  readonly name?: string;
  readonly pid?: number;
  readonly portal?: string;
  readonly path?: string;
}

/** A demo whose lines are kept and can be waited for. */
class DemoProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  errors = '';
  #arrived: () => void = () => {};
  #isClosed = false;

  constructor(args: readonly string[], env = process.env) {
    this.child = spawn(...tied(program, ['demo', ...args]), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
    });
    this.child.stderr?.on('data', (chunk) => {
      this.errors += String(chunk);
    });
    createInterface(this.child.stdout!).on('line', (line) => {
      this.lines.push(line);
      this.#arrived();
    });
    this.child.on('close', () => {
      this.#isClosed = true;
      this.#arrived();
    });
  }

  get events(): readonly Event[] {
    return this.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  /** Resolves when `found` finds something in the output so far. */
  async until<T>(found: () => T | undefined): Promise<T> {
    const deadline = performance.now() + stepLimitMs;
    for (;;) {
      const value = found();
      if (value !== undefined) return value;
      const leftMs = deadline - performance.now();
      if (this.#isClosed || leftMs <= 0) {
        assert.fail(`not seen:\n${this.lines.join('\n')}\n${this.errors}`);
      }
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, leftMs);
        this.#arrived = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  }

  async ready(): Promise<void> {
    await this.until(() => this.lines.find((line) => line === 'ready'));
  }

  async ended(): Promise<number | null> {
    if (!this.#isClosed) await once(this.child, 'close');
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + stepLimitMs;
  while (pids.some(isRunning)) {
    assert.ok(performance.now() < deadline, 'gateway processes are left');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function gatewayPids(demo: DemoProcess): number[] {
  return demo.events.flatMap(({ event, pid }) => (event === 'gateway' && pid ? [pid] : []));
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('serves, brings a killed gateway back, and leaves nothing on Ctrl-C', async () => {
  const port = await freePorts(2);
  await using demo = new DemoProcess(['--json', '--size', '64M', '--port', String(port)]);
  await demo.ready();
  assert.equal(demo.lines.filter((line) => line === 'ready').length, 1);
  const portals = demo.events.filter(({ event }) => event === 'gateway').map((each) => each.portal);
  assert.deepEqual(portals.sort(), [`127.0.0.1:${port}`, `127.0.0.1:${port + 1}`]);

  const store = demo.events.find(({ event }) => event === 'store')?.path ?? assert.fail();
  const victim = demo.events.find(({ event }) => event === 'gateway') ?? assert.fail();
  process.kill(victim.pid!, 'SIGKILL');
  const next = await demo.until(() =>
    demo.events.find(({ event, name, pid }) => {
      return event === 'gateway' && name === victim.name && pid !== victim.pid;
    }),
  );
  assert.equal(next.portal, victim.portal);
  assert.equal(demo.lines.filter((line) => line === 'ready').length, 1);

  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 0, demo.errors);
  await gone(gatewayPids(demo));
  assert.ok(!existsSync(store), 'the temporary store is removed');
});

test('told to end before it serves, it leaves nothing either', async () => {
  const port = await freePorts(2);
  await using folder = await temporaryFolder();
  const environment = { ...process.env, TMPDIR: folder.path };
  await using demo = new DemoProcess(['--port', String(port)], environment);
  const deadline = performance.now() + stepLimitMs;
  while ((await readdir(folder.path)).length === 0) {
    assert.ok(performance.now() < deadline, 'it makes its store');
  }
  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 0, demo.errors);
  assert.deepEqual(await readdir(folder.path), []);
});

test('an idle gateway takes less than 120 MiB', async () => {
  // As `npm start` does: after an edit the first process from source would hold the compiler.
  await mustRun(process.execPath, [setUp]);
  const port = await freePorts(1);
  await using demo = new DemoProcess(['--json', '--gateways', '1', '--port', String(port)]);
  await demo.ready();
  const { pid } = demo.events.find(({ event }) => event === 'gateway')!;
  const status = await readFile(`/proc/${pid}/status`, 'latin1');
  const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 0, demo.errors);
  assert.ok(residentKib < 120 * 1024, `${residentKib} KiB`);
});

test('gateways end when the demo is killed', async () => {
  const port = await freePorts(2);
  await using folder = await temporaryFolder();
  const args = ['--json', '--size', '64M', '--port', String(port), '--store', folder.path];
  await using demo = new DemoProcess(args);
  await demo.ready();
  demo.child.kill('SIGKILL');
  await gone(gatewayPids(demo));
});

test('a kept store takes other ports and targets, and no other disk', async () => {
  const port = await freePorts(2);
  await using folder = await temporaryFolder();
  const kept = ['--store', folder.path, '--gateways', '1'];
  {
    await using demo = new DemoProcess([...kept, '--size', '64M', '--port', String(port)]);
    await demo.ready();
    assert.match(
      demo.lines.join('\n'),
      /iscsiadm -m discovery[\s\S]*multipath[\s\S]*esxcli[\s\S]*iscsi:\/\//,
    );
    demo.child.kill('SIGTERM');
    assert.equal(await demo.ended(), 0);
  }
  for (const other of [
    ['--size', '128M'],
    ['--size', '64M', '--blocks', '4096'],
  ]) {
    await using demo = new DemoProcess([...kept, ...other, '--port', String(port)]);
    assert.equal(await demo.ended(), 1);
    assert.match(demo.errors, /the disk of this store has 64M in blocks of 512 bytes/);
  }
  const target = 'iqn.2026-11.com.example:other';
  const changed = ['--size', '64M', '--port', String(port + 1), '--target', target, '--json'];
  await using demo = new DemoProcess([...kept, ...changed]);
  await demo.ready();
  const ready = demo.events.find(({ event }) => event === 'ready');
  assert.deepEqual(ready, { event: 'ready', target, portals: [`127.0.0.1:${port + 1}`] });
  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 0);
});

test('a port that is in use is said so, and nothing is left', async () => {
  const port = await freePorts(1);
  await using first = new DemoProcess(['--size', '64M', '--gateways', '1', '--port', String(port)]);
  await first.ready();
  const second = ['--size', '64M', '--gateways', '1', '--port', String(port), '--json'];
  await using demo = new DemoProcess(second);
  assert.equal(await demo.ended(), 1);
  assert.match(demo.errors, /"code":"portalUnavailable".*another process listens there/);
  assert.deepEqual(demo.events, []);
  first.child.kill('SIGINT');
  assert.equal(await first.ended(), 0);
});

test('a busy port is one line, before anything is made or shown', async () => {
  const port = await freePorts(2);
  await using folder = await temporaryFolder();
  const other = createServer().listen(port + 1, '127.0.0.1');
  await once(other, 'listening');
  try {
    for (const place of [[], ['--store', join(folder.path, 'new')]]) {
      const environment = { ...process.env, TMPDIR: folder.path };
      await using demo = new DemoProcess(['--port', String(port), ...place], environment);
      assert.equal(await demo.ended(), 1);
      assert.deepEqual(demo.lines, []);
      const where = `allpath: cannot listen on 127.0.0.1:${port + 1}`;
      const advice = ': another process listens there; end it, or take other ports: --port ';
      assert.ok(demo.errors.startsWith(where + advice), demo.errors);
      assert.equal(demo.errors.trim().split('\n').length, 1, demo.errors);
      assert.deepEqual(await readdir(folder.path), []);
    }
  } finally {
    other.close();
  }
});

test('on a terminal, lines of the log do not run into the live line', async () => {
  const port = await freePorts(2);
  const command = `${program} demo --size 64M --port ${port}`;
  const terminal = spawn(...tied('script', ['-qfec', command, '/dev/null']), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let written = '';
    terminal.stdout.on('data', (chunk) => {
      written += String(chunk);
    });
    await waitFor('a live line', () => written.includes('sessions, '), stepLimitMs);
    const pid = Number(/gateway0 \(process ([0-9]+)\)/.exec(written)?.[1]);
    // The other one logs that it fences it.
    process.kill(pid, 'SIGSTOP');
    await waitFor('a fence', () => written.includes('ended (SIGKILL)'), 2 * stepLimitMs);
    const lines = linesOnTerminal(written);
    const logged = lines.filter((line) => line.includes('{"level"'));
    assert.ok(logged.length > 0, written);
    for (const line of logged) JSON.parse(line);
    assert.ok(lines.some((line) => /^gateway0 \(process [0-9]+\) ended/.test(line)));
  } finally {
    const closed = once(terminal, 'close');
    terminal.kill('SIGTERM');
    await closed;
  }
});

test('a store that is served takes no second demo, and the first serves on', async () => {
  const port = await freePorts(4);
  await using folder = await temporaryFolder();
  const args = ['--json', '--size', '64M', '--store', folder.path, '--port'];
  await using first = new DemoProcess([...args, String(port)]);
  await first.ready();
  await using second = new DemoProcess([...args, String(port + 2)]);
  assert.equal(await second.ended(), 1);
  assert.match(second.errors, /"code":"storeInUse".*is served already, by gateway0, gateway1/);
  first.child.kill('SIGINT');
  assert.equal(await first.ended(), 0);
});

test('eight gateways on IPv6: every line but "ready" is JSON', async () => {
  const port = await freePorts(8);
  const args = ['--json', '--size', '64M', '--port', String(port), '--listen', '::1'];
  await using demo = new DemoProcess([...args, '--gateways', '8']);
  await demo.ready();
  for (const line of demo.lines) if (line !== 'ready') JSON.parse(line);
  const portals = demo.events.flatMap(({ event, portal }) => (event === 'gateway' ? [portal] : []));
  assert.deepEqual(
    portals.sort(),
    Array.from({ length: 8 }, (_, i) => `[::1]:${port + i}`),
  );
  demo.child.kill('SIGINT');
  assert.equal(await demo.ended(), 0);
});
