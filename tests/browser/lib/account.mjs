// What a person does in My Account, at the second factor and in the mailbox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from './server.mjs';
import { assertPage, logIn, path } from './steps.mjs';
import { PASSWORD, world } from './world.mjs';

const run = promisify(execFile);
const { issuer, servers } = world;
const STEP = 30;
export const NEW_PASSWORD = 'seven quiet lanterns drift';

/** Does something that leads to a page, and waits for that page. */
export async function onward(page, act) {
  await Promise.all([page.waitForNavigation({ waitUntil: 'domcontentloaded' }), act()]);
  await page.locator('main h1, #result').first().waitFor();
}

/** Clicks the link or button that has exactly these words. */
export function click(page, words) {
  const named = (role) => page.getByRole(role, { name: words, exact: true });
  return onward(page, () => named('link').or(named('button')).first().click());
}

export const fill = (page, label, value) => page.getByLabel(label, { exact: true }).fill(value);

export const text = (page) => page.locator('main').innerText();

/** The page for the second factor, when the account has one; else My Account. */
export async function openAccount(page, email, password = PASSWORD, server = servers.main) {
  await page.goto(`${server.origin}/account`);
  await onward(page, () => logIn(page, email, password));
}

/** My Account, User Profile, Authentication: as the help pages say. */
export async function authenticationTab(page, server = servers.main) {
  await page.goto(`${server.origin}/account`);
  await click(page, 'User Profile');
  await click(page, 'Authentication');
  await assertPage(page, '/account/authentication', 'Authentication');
}

export async function choosePassword(page, password, again = password) {
  await fill(page, 'New password', password);
  await fill(page, 'Confirm new password', again);
  await click(page, 'Save');
}

export async function verify(page, code) {
  await fill(page, 'Verification code', code);
  await click(page, 'Verify');
}

export const alert = (page) => page.getByRole('alert').innerText();
export const status = (page) => page.getByRole('status').innerText();

/** Waits until this page of My Account asks who somebody is again. */
export async function untilAsked(page, where) {
  const asked = () => path(page) === '/account/confirm';
  for (await page.goto(where); !asked(); await page.goto(where)) await sleep(500);
}

/** The password, and the code, where a page asks for them before it goes on. */
export async function confirmIfAsked(page, { password = PASSWORD, phone } = {}) {
  for (let asked = 0; asked < 3; asked += 1) {
    if (path(page) === '/account/confirm') {
      await fill(page, 'Password', password);
      if (await page.locator('#code').count()) await fill(page, 'Verification code', await phone.code());
      await click(page, 'Confirm');
    } else if (path(page) === '/account/authentication/code') {
      await fill(page, 'Verification code', await phone.code());
      await click(page, 'Verify');
    } else return;
  }
  assert.fail(`asked again and again: ${page.url()}`);
}

/** An authenticator app. It never shows a code twice, and takes the codes of the neighbouring steps before it waits. */
export class Phone {
  constructor(secret) {
    this.secret = secret.replaceAll(/\s/g, '');
    const now = Date.now() / 1000;
    // The last step's code is still good, and leaves the next ones for later; not when it is about to become too old.
    this.next = Math.floor(now / STEP) - (now % STEP < STEP / 2 ? 1 : 0);
  }

  async code() {
    const current = () => Math.floor(Date.now() / 1000 / STEP);
    this.next = Math.max(this.next, current() - (Date.now() / 1000 % STEP < STEP / 2 ? 1 : 0));
    while (this.next > current() + 1) await sleep(100);
    this.used = this.next;
    this.next += 1;
    return this.at(this.used);
  }

  /** The code of a step, as oathtool sees it. */
  async at(step) {
    const moment = new Date(step * STEP * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
    const { stdout } = await run('oathtool', ['--totp', '--base32', '--now', moment, this.secret]);
    return stdout.trim();
  }
}

/** A phone that scanned what the page shows. */
export const scan = async (page) => new Phone(await page.locator('#secret-key').innerText());

/** What a camera reads off the page. */
export async function photographed(page) {
  const directory = await mkdtemp(join(tmpdir(), 'vestibule-qr-'));
  try {
    const file = join(directory, 'qr.png');
    await writeFile(file, await page.locator('svg.qr').screenshot());
    const { stdout } = await run('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', file]);
    return new URL(stdout.trim());
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** From the Authentication tab to the end; the recovery codes are in `phone.recoveryCodes`. */
export async function enable(page) {
  await click(page, 'Enable two-factor authentication');
  await confirmIfAsked(page);
  return enroll(page);
}

/** With the QR code on the page, in My Account or on the way to it. */
export async function enroll(page) {
  const phone = await scan(page);
  await fill(page, 'Verification code', await phone.code());
  await click(page, 'Verify and enable');
  phone.recoveryCodes = await page.locator('#recovery-codes code').allInnerTexts();
  assert.equal(phone.recoveryCodes.length, 10, page.url());
  await click(page, 'I have saved them');
  return phone;
}

/** Signs in to My Account with password and code. */
export async function openAccountWithCode(page, email, phone, password = PASSWORD, server = servers.main) {
  await openAccount(page, email, password, server);
  assert.equal(path(page), '/login/code');
  await verify(page, await phone.code());
  assert.equal(path(page), '/account');
}

function decode(message) {
  const [head, ...rest] = message.replaceAll('\r\n', '\n').split('\n\n');
  const unfolded = head.replaceAll(/\n[ \t]+/g, ' ');
  const header = (name) => unfolded.match(new RegExp(`^${name}: *(.*)$`, 'im'))?.[1] ?? '';
  const boundary = header('content-type').match(/boundary="?([^";]+)"?/)?.[1];
  const body = rest.join('\n\n');
  if (boundary) return { header, body: decode(body.split(`--${boundary}\n`)[1].split(`\n--${boundary}`)[0]).body };
  switch (header('content-transfer-encoding').toLowerCase()) {
    case 'base64': return { header, body: Buffer.from(body, 'base64').toString() };
    case 'quoted-printable':
      return { header, body: Buffer.from(body.replaceAll('=\n', '').replaceAll(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString() };
    default: return { header, body };
  }
}

const words = (subject) => subject.replaceAll(/\?= +=\?/g, '?==?').replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, kind, value) => (kind.toLowerCase() === 'b'
  ? Buffer.from(value, 'base64').toString()
  : decode(`Content-Transfer-Encoding: quoted-printable\n\n${value.replaceAll('_', ' ')}`).body));

async function mails(email, server) {
  const directory = join(server.directory, 'mail');
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.eml')).sort();
  const all = await Promise.all(names.map(async (name) => decode(await readFile(join(directory, name), 'utf8'))));
  return all.filter(({ header }) => header('to').includes(email)).map(({ header, body }) => ({ subject: words(header('subject')), body }));
}

/** The newest mail to `email` with such a subject, once there are `count` of them that `fits`. */
export async function mail(email, subject, count = 1, server = servers.main, fits = () => true) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = (await mails(email, server)).filter((one) => subject.test(one.subject) && fits(one));
    if (found.length >= count) return found.at(-1);
    if (Date.now() > deadline) throw new Error(`no mail ${subject} to ${email}: ${JSON.stringify((await mails(email, server)).map((one) => one.subject))}`);
    await sleep(100);
  }
}

/** The link of a mail that leads to this path. */
export function link({ body }, to) {
  const found = [...body.matchAll(/https?:\/\/\S+/g)].map(([url]) => url.replace(/[>).]+$/, '')).find((url) => new URL(url).pathname === to);
  assert.ok(found, `no link to ${to} in:\n${body}`);
  return found;
}
