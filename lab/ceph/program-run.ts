import { spawn } from 'node:child_process';
import { Failure } from '../../src/base/failure.ts';
import { tiedCommand } from '../../src/host/tied-command.ts';

/** How much of the output of a program is kept. */
const OUTPUT_MAX_CHARACTERS = 4 * 1024 * 1024;
/** How much of the output of a failed program is quoted. */
const QUOTED_MAX_CHARACTERS = 2_000;

/**
 * Runs a program of Ceph to its end, and returns its output. Throws `cephProgramFailed` with the
 * program's own words, also if it takes longer than `limitMs`. The program ends with this process.
 */
export function runCephProgram(
  file: string,
  args: readonly string[],
  limitMs: number,
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(...tiedCommand(file, args), {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: cephEnvironment(),
    });
    const stdout = gather(child.stdout);
    const stderr = gather(child.stderr);
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, limitMs);
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(limit);
      if (code === 0) return resolve(stdout());
      const how = isLate ? `took longer than ${limitMs} ms` : `ended with ${code ?? signal}`;
      const said = stderr().slice(-QUOTED_MAX_CHARACTERS).trim();
      reject(
        new Failure('cephProgramFailed', `${file} ${args.join(' ')}: ${how}\n${said}`.trim(), {
          exitCode: code,
        }),
      );
    });
  });
}

/** Without variables that add arguments or another configuration to every program of Ceph. */
export function cephEnvironment(): NodeJS.ProcessEnv {
  const { CEPH_ARGS: _args, CEPH_CONF: _conf, CEPH_KEYRING: _keyring, ...rest } = process.env;
  return rest;
}

function gather(stream: NodeJS.ReadableStream): () => string {
  const chunks: string[] = [];
  let length = 0;
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    length += chunk.length;
    if (length <= OUTPUT_MAX_CHARACTERS) chunks.push(chunk);
  });
  return () => chunks.join('');
}
