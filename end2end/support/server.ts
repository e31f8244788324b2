// The real binary on a fresh database, seeded, with the sandbox on.
import { chromium as playwright, test, type Browser } from '@playwright/test';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, flags } from '../playwright.config';

export type Engine = 'sqlite' | 'postgres';

export interface Server {
  url: string;
  /** An operator's API key that may do everything a sandbox may. */
  key: string;
  /** The same installation goes on with other files for the browsers. */
  restart(site: string): Promise<void>;
  stop(): Promise<void>;
}

const binary = process.env.MOSTRADOR_BIN ?? join(__dirname, '../../target/debug/mostrador');
/** The files of a build for development. */
export const site = process.env.MOSTRADOR_SITE ?? join(__dirname, '../../target/site-dev');

/** A port that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** True when this engine can be tested here. */
export const available = (engine: Engine): boolean => engine === 'sqlite' || Boolean(process.env.TEST_POSTGRES_URL);

export async function start(engine: Engine, files = site, settings: Record<string, string> = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'mostrador-e2e-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let database = `sqlite:${join(folder, 'test.db')}`;
  let drop = () => {};
  if (engine === 'postgres') {
    const server = process.env.TEST_POSTGRES_URL ?? '';
    const name = `e2e_${port}_${process.pid}`;
    const psql = (statement: string) => spawnSync('psql', [server, '-qc', statement], { stdio: 'inherit' });
    psql(`CREATE DATABASE "${name}" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`);
    database = server.replace(/\/[^/]*$/, `/${name}`);
    drop = () => psql(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  }
  const env: Record<string, string | undefined> = { ...process.env, ...settings, DATABASE_URL: database, MOSTRADOR_SITE: files, MOSTRADOR_SANDBOX: 'true', MOSTRADOR_PUBLIC_URL: url };
  for (const step of ['migrate', 'seed']) {
    const done = spawnSync(binary, [step], { cwd: folder, env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${step}: ${done.stderr}${done.stdout}`);
  }
  const made = spawnSync(binary, ['key', 'add', 'end2end', '--scopes', 'operator,sandbox,purchases:import'], { cwd: folder, env, encoding: 'utf8' });
  const key = /mk_\S+/.exec(made.stdout)?.[0];
  if (!key) throw new Error(`key: ${made.stderr}${made.stdout}`);
  let child: ChildProcess;
  const serve = async (shown: string) => {
    child = spawn(binary, ['serve', '--addr', `127.0.0.1:${port}`], { cwd: folder, env: { ...env, MOSTRADOR_SITE: shown }, stdio: ['ignore', 'ignore', 'inherit'] });
    for (let tries = 0; ; tries++) {
      const ready = await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false);
      if (ready) break;
      if (tries > 100) throw new Error('the server does not get ready');
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  const end = () => new Promise((done) => {
    const ending = child;
    ending.once('exit', done);
    ending.kill('SIGTERM');
    setTimeout(() => ending.kill('SIGKILL'), 5_000).unref();
  });
  await serve(files);
  return {
    url,
    key,
    async restart(shown: string) {
      await end();
      await serve(shown);
    },
    async stop() {
      await end();
      drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a group of journeys runs on. */
export interface Ground {
  server: Server;
  browser: Browser;
}

export const ENGINES: Engine[] = ['sqlite', 'postgres'];

/** One server for the group that says so; `take` is given it before its first journey. */
export function serving(engine: Engine, take: (server: Server) => void, settings: Record<string, string> = {}): void {
  let server: Server | undefined;
  test.skip(!available(engine), 'TEST_POSTGRES_URL is not set');
  test.beforeAll(async () => {
    server = await start(engine, site, settings);
    take(server);
  });
  test.afterAll(async () => server?.stop());
}

/** The same with a browser. */
export function ground(engine: Engine, take: (made: Ground) => void, settings: Record<string, string> = {}): void {
  let server: Server;
  let browser: Browser | undefined;
  serving(engine, (made) => { server = made; }, settings);
  test.beforeAll(async () => {
    browser = await playwright.launch({ executablePath: chromium, args: flags });
    take({ server, browser });
  });
  test.afterAll(async () => browser?.close());
}
