// Runs a program of the machine to its end and gives back what it said.

import { spawn } from 'node:child_process';
import { tied } from './tied.ts';
import { HANG_MS } from './wait-for.ts';

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Output beyond this is dropped; a program that says so much has gone astray. */
const outputMaxBytes = 16 * 1024 * 1024;

/** Resolves whatever the exit code is; a program still running after `limitMs` is killed. */
export function run(file: string, args: readonly string[], limitMs = HANG_MS): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(...tied(file, args), { stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout = gather(child.stdout);
    const stderr = gather(child.stderr);
    const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      resolve({ code, signal, stdout: stdout(), stderr: stderr() });
    });
  });
}

/** Like `run`, and throws with the program's own words if it does not end with 0. */
export async function mustRun(
  file: string,
  args: readonly string[],
  limitMs?: number,
): Promise<string> {
  const { code, signal, stdout, stderr } = await run(file, args, limitMs);
  if (code !== 0) {
    throw new Error(`${file} ${args.join(' ')}: ${code ?? signal}\n${stdout}\n${stderr}`);
  }
  return stdout;
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let lengthBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    lengthBytes += chunk.length;
    if (lengthBytes <= outputMaxBytes) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('latin1');
}
