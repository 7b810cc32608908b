// The server under test: the real binary, SQLite and keys in a directory of its own.
import { spawn, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BINARY = process.env.VESTIBULE_BIN;

/** A port that nothing listens on, below those that the kernel gives to outgoing connections. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const probe = createServer();
    const free = await new Promise((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a server; `state` is TOML for `vestibule apply`, `settings` more of the environment. */
export async function startServer(state, settings = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'vestibule-browser-'));
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    VESTIBULE_SERVER__LISTEN: `127.0.0.1:${port}`,
    VESTIBULE_SERVER__PUBLIC_URL: `http://localhost:${port}`,
    VESTIBULE_SERVER__REQUEST_TIMEOUT: '2m',
    VESTIBULE_SERVER__DRAIN_TIMEOUT: '1s',
    VESTIBULE_DATABASE__URL: `sqlite://${directory}/vestibule.db`,
    VESTIBULE_DATABASE__ACQUIRE_TIMEOUT: '1m',
    VESTIBULE_KEYS__DIRECTORY: join(directory, 'keys'),
    // How long a hash takes is not what is tested here.
    VESTIBULE_PASSWORD__MEMORY_KIB: '1024',
    VESTIBULE_PASSWORD__ITERATIONS: '1',
    VESTIBULE_PASSWORD__HASH_DEADLINE: '1m',
    VESTIBULE_MAIL__TRANSPORT: 'file',
    VESTIBULE_MAIL__DIRECTORY: join(directory, 'mail'),
    // All tests come from one address.
    VESTIBULE_RECOVERY__MAILS_PER_ADDRESS: '100000/1h',
    VESTIBULE_RECOVERY__MAILS_PER_ACCOUNT: '1000/1h',
    VESTIBULE_OUTBOUND__ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
    VESTIBULE_LIMITS__PAGES: '100000/1m',
    VESTIBULE_LIMITS__SIGN_IN: '100000/1m',
    VESTIBULE_LIMITS__PASSWORD_PER_ADDRESS: '100000/1m',
    VESTIBULE_LIMITS__PASSWORD_PER_ACCOUNT_AND_ADDRESS: '100000/1m',
    VESTIBULE_LIMITS__ACCOUNTS_PER_ADDRESS: '100000/1m',
    VESTIBULE_LIMITS__DEVICE_REQUESTS: '100000/1m',
    VESTIBULE_LIMITS__DEVICE_CODES: '100000/1m',
    ...settings,
  };
  const file = join(directory, 'state.toml');
  await writeFile(file, state);
  await run(BINARY, ['apply', file], { env, cwd: directory });

  const child = spawn(BINARY, ['serve'], { env, cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const server = { origin: `http://localhost:${port}`, directory, child, output: '' };
  /** A command of an operator, on the same database. */
  server.command = async (words, input = '') => {
    const running = run(BINARY, words, { env, cwd: directory });
    running.child.stdin.end(input);
    return (await running).stdout;
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { server.output += data; });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  server.stop = async () => {
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(patience);
    process.off('exit', killAtExit);
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 60_000;
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/health/ready`).then((answer) => answer.ok, () => false);
    if (ready) return server;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${server.output}`);
    await sleep(100);
  }
}
