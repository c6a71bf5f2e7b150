import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../node_modules/.cache/allpath', import.meta.url));
const GATEWAY = new URL('../runs/gateway.ts', import.meta.url);
const WORKER = new URL('../../records/local/store-worker.ts', import.meta.url);
const MAIN = new URL('../main.ts', import.meta.url);

/**
 * Where gateways find the program compiled already; undefined for a built program. Without it each
 * process that runs from source keeps 40 MB for the compiler that strips the types.
 */
export async function compileCache(): Promise<string | undefined> {
  if (!import.meta.filename.endsWith('.ts')) return undefined;
  if (!existsSync(FOLDER)) {
    // `main` without words only prints its help.
    // The worker's file fails outside a worker, when it has been compiled.
    const worker = `await import('${WORKER}').catch(() => {});`;
    const script = `${worker} await import('${GATEWAY}'); await import('${MAIN}');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'ignore',
      env: { ...process.env, NODE_COMPILE_CACHE: FOLDER },
    });
    await once(child, 'exit');
  }
  return FOLDER;
}
