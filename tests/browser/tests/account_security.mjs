// What the help pages of the applications tell people to do, sentence by sentence.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { click, confirmIfAsked, enable, fill, link, mail, onward, openAccount, openAccountWithCode, Phone, scan, text } from '../lib/account.mjs';
import { assertPage, assertResult, logIn, path, start } from '../lib/steps.mjs';
import { ANA, PASSWORD, person, withContext, world } from '../lib/world.mjs';

const { autotalk, issuer } = world;
const run = promisify(execFile);
const NEW_PASSWORD = 'seven quiet lanterns drift';

async function choosePassword(page, password, again = password) {
  await fill(page, 'New password', password);
  await fill(page, 'Confirm new password', again);
  await click(page, 'Save');
}

async function authenticationTab(page) {
  await page.goto(`${issuer}/account`);
  await click(page, 'User Profile');
  await click(page, 'Authentication');
  await assertPage(page, '/account/authentication', 'Authentication');
}

/** What a camera reads off the page. */
async function photographed(page) {
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

async function verifyAtLogin(page, code) {
  await fill(page, 'Verification code', code);
  await click(page, 'Verify');
}

test('T1: My Account, Change password, new password typed twice, Save: effective at once', () => withContext({}, async (context, page) => {
  const email = person('t1');
  await openAccount(page, email);
  await withContext({}, async (other, elsewhere) => {
    await openAccount(elsewhere, email);
    await assertPage(elsewhere, '/account');
    await click(page, 'Change password');
    await confirmIfAsked(page);
    await choosePassword(page, NEW_PASSWORD, `${NEW_PASSWORD}s`);
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /The two passwords do not match\./);
    await choosePassword(page, NEW_PASSWORD);
    assert.match(await page.getByRole('status').innerText(), /Your password has been changed\. It takes effect immediately\./);
    await elsewhere.goto(`${issuer}/account`);
    await assertPage(elsewhere, '/login');
    await onward(elsewhere, () => logIn(elsewhere, email, PASSWORD));
    assert.match(await elsewhere.getByRole('alert').innerText(), /The email or password is not correct\./);
    await onward(elsewhere, () => logIn(elsewhere, email, NEW_PASSWORD));
    await assertPage(elsewhere, '/account', 'My Account');
  });
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/account', 'My Account');
  await mail(email, /password was changed/);
}));

test('T2: forgotten password: the reset option on the login screen, and a link to the registered address', () => withContext({}, async (context, page) => {
  const email = person('t2');
  await openAccount(page, email);
  await authenticationTab(page);
  const phone = await enable(page);
  await click(page, 'Log out');
  await start(page, autotalk);
  await click(page, 'Forgot your password?');
  await fill(page, 'Email', email);
  await click(page, 'Send link');
  await assertPage(page, '/password/reset/sent', 'Check your email');
  const to = link(await mail(email, /^Reset your/), '/password/reset/finish');
  await page.goto(to);
  await assertPage(page, '/password/reset/finish', 'Choose a new password');
  await choosePassword(page, NEW_PASSWORD);
  await assertPage(page, '/login');
  assert.match(await page.getByRole('status').innerText(), /Password changed\. Log in to continue to AutoTalk\./);
  await onward(page, () => logIn(page, email, PASSWORD));
  assert.match(await page.getByRole('alert').innerText(), /The email or password is not correct\./);
  await onward(page, () => logIn(page, email, NEW_PASSWORD));
  await assertPage(page, '/login/code');
  await verifyAtLogin(page, await phone.code());
  await assertResult(page, autotalk, `signed in: ${email}`);
  await page.goto(to);
  assert.match(await text(page), /This link has already been used/);
}));

test('T2: an address without an account gets the same answer', () => withContext({}, async (context, page) => {
  const answers = [];
  for (const email of [ANA, 'nobody@example.test']) {
    await page.goto(`${issuer}/login`);
    await click(page, 'Forgot your password?');
    await fill(page, 'Email', email);
    await click(page, 'Send link');
    await assertPage(page, '/password/reset/sent', 'Check your email');
    answers.push((await text(page)).replaceAll(email, 'ADDRESS'));
  }
  assert.equal(answers[0], answers[1]);
}));

test('T3: Authentication tab, Enable two-factor authentication, QR code or secret key, Verify and enable', () => withContext({}, async (context, page) => {
  const email = person('t3');
  await openAccount(page, email);
  await authenticationTab(page);
  await click(page, 'Enable two-factor authentication');
  await confirmIfAsked(page);
  const shown = await page.locator('#secret-key').innerText();
  assert.match(shown, /^([A-Z2-7]{4} )+[A-Z2-7]{1,4}$/, 'groups of four');
  const uri = await photographed(page);
  assert.equal(uri.href, new URL(await page.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href')).href);
  assert.deepEqual([uri.protocol, uri.host], ['otpauth:', 'totp']);
  assert.ok(decodeURIComponent(uri.pathname).endsWith(`:${email}`), uri.href);
  const setting = (name) => uri.searchParams.get(name);
  assert.equal(setting('secret'), shown.replaceAll(' ', ''));
  assert.ok(setting('issuer'));
  assert.deepEqual([setting('algorithm') ?? 'SHA1', setting('digits') ?? '6', setting('period') ?? '30'], ['SHA1', '6', '30']);
  const phone = new Phone(setting('secret'));
  await fill(page, 'Verification code', '12345');
  await click(page, 'Verify and enable');
  assert.match(await page.getByRole('alert').innerText(), /The code is 6 digits, for example 123456/);
  assert.equal(await page.locator('#secret-key').innerText(), shown, 'a mistake changes no secret');
  await fill(page, 'Verification code', await phone.code());
  await click(page, 'Verify and enable');
  const codes = await page.locator('#recovery-codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as a text file' }).click()]);
  const file = await readFile(await download.path(), 'utf8');
  for (const code of codes) assert.ok(file.includes(code), code);
  await click(page, 'I have saved them');
  await assertPage(page, '/account/authentication');
  assert.match(await page.getByRole('status').innerText(), /Two-factor authentication is on\./);
  await mail(email, /Two-factor authentication was turned on/);
}));

test('T4: once enabled, a 6-digit code at every sign-in; a used one is refused', () => withContext({}, async (context, page) => {
  const email = person('t4');
  await openAccount(page, email);
  await authenticationTab(page);
  const phone = await enable(page);
  await click(page, 'Log out');
  await openAccount(page, email);
  await assertPage(page, '/login/code', 'Enter your verification code');
  await verifyAtLogin(page, await phone.at(phone.used));
  assert.match(await page.getByRole('alert').innerText(), /That code has already been used\. Wait \d+ seconds? for the next one\./);
  const wrong = String((Number(await phone.at(phone.used + 1)) + 1) % 1_000_000).padStart(6, '0');
  await verifyAtLogin(page, wrong);
  assert.match(await page.getByRole('alert').innerText(), /That code is not correct\./);
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login');
  await openAccount(page, email);
  await verifyAtLogin(page, await phone.code());
  await assertPage(page, '/account', 'My Account');
  await click(page, 'Log out');
  await openAccount(page, email);
  await assertPage(page, '/login/code');
  await click(page, 'Use a recovery code');
  await fill(page, 'Recovery code', phone.recoveryCodes[0].toLowerCase());
  await click(page, 'Verify');
  await assertPage(page, '/account', 'My Account');
  await click(page, 'Log out');
  await openAccount(page, email);
  await click(page, 'Use a recovery code');
  await fill(page, 'Recovery code', phone.recoveryCodes[0]);
  await click(page, 'Verify');
  assert.match(await page.getByRole('alert').innerText(), /That recovery code is not correct, or it has been used\./);
}));

test('T5: the same secret can be re-enrolled on a new phone without disabling 2FA', () => withContext({}, async (context, page) => {
  const email = person('t5');
  await openAccount(page, email);
  await authenticationTab(page);
  const phone = await enable(page);
  await click(page, 'Log out');
  const second = new Phone(phone.secret);
  second.next = phone.next;
  await openAccountWithCode(page, email, second);
  await authenticationTab(page);
  assert.match(await text(page), /Two-factor authentication On/);
  await click(page, 'Log out');
  phone.next = second.next;
  await openAccountWithCode(page, email, phone);
}));

test('T6: Authentication tab, Disable two-factor authentication: only email and password from then on', () => withContext({}, async (context, page) => {
  const email = person('t6');
  await openAccount(page, email);
  await authenticationTab(page);
  const phone = await enable(page);
  await authenticationTab(page);
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone });
  await assertPage(page, '/account/authentication/disable');
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone });
  await assertPage(page, '/account/authentication');
  assert.match(await page.getByRole('status').innerText(), /Two-factor authentication is off\./);
  await click(page, 'Log out');
  await openAccount(page, email);
  await assertPage(page, '/account', 'My Account');
  await mail(email, /Two-factor authentication was turned off/);
}));

test('T7: switching phones: Move to a new app, with no moment without 2FA', () => withContext({}, async (context, page) => {
  const email = person('t7');
  await openAccount(page, email);
  await authenticationTab(page);
  const old = await enable(page);
  await authenticationTab(page);
  await click(page, 'Move to a new app');
  await confirmIfAsked(page, { phone: old });
  const fresh = await scan(page);
  assert.notEqual(fresh.secret, old.secret);
  await fill(page, 'Verification code', await fresh.code());
  await click(page, 'Verify and enable');
  await confirmIfAsked(page, { phone: old });
  assert.match(await page.getByRole('status').innerText(), /Your new app is in use\. Codes of the old one do not work any more\./);
  await click(page, 'Log out');
  await openAccount(page, email);
  await verifyAtLogin(page, await old.code());
  assert.match(await page.getByRole('alert').innerText(), /That code is not correct\./);
  await verifyAtLogin(page, await fresh.code());
  await assertPage(page, '/account', 'My Account');
}));

test('T7: switching phones: disable, enable, scan the new code', () => withContext({}, async (context, page) => {
  const email = person('t7-again');
  await openAccount(page, email);
  await authenticationTab(page);
  const old = await enable(page);
  await authenticationTab(page);
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone: old });
  await click(page, 'Disable two-factor authentication');
  await authenticationTab(page);
  const fresh = await enable(page);
  assert.notEqual(fresh.secret, old.secret);
  await click(page, 'Log out');
  await openAccountWithCode(page, email, fresh);
}));

test('T8: My Account, Log out: back at the login screen', () => withContext({}, async (context, page) => {
  const email = person('t8');
  await openAccount(page, email);
  await click(page, 'Log out');
  await assertPage(page, '/login', 'Log in');
  assert.equal(await page.getByRole('status').innerText(), 'You have logged out');
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login');
}));

test('T9: a unique password: a common one is refused, and the reason is told', () => withContext({}, async (context, page) => {
  const email = person('t9');
  await openAccount(page, email);
  await click(page, 'Change password');
  await confirmIfAsked(page);
  for (const [password, reason] of [
    ['passwordpassword', /easy to guess|Many people use this password|repeats/],
    ['1234567890123456', /Many people use this password|neighbouring characters|easy to guess/],
    ['short', /Use at least \d+ characters\. You typed 5\./],
    [PASSWORD, /That is the password you already have\./],
  ]) {
    await choosePassword(page, password);
    assert.match(await page.getByRole('alert').innerText(), reason, password);
  }
}));

test('T10: something looks unfamiliar: Activity, and notify your account administrator', () => withContext({}, async (context, page) => {
  const email = person('t10');
  await openAccount(page, email);
  await click(page, 'Activity');
  await assertPage(page, '/account/activity', 'Activity');
  assert.match(await text(page), /Logged in[\s\S]*Chrom[\s\S]*127\.0\.0\.1/);
  await onward(page, () => page.getByRole('button', { name: /^This wasn’t me/ }).first().click());
  await assertPage(page, '/not-me', 'This wasn’t you?');
  await page.goBack();
  await fill(page, 'What looked wrong? (optional)', 'A login at night that I do not know.');
  await click(page, 'Notify account administrator');
  await assertPage(page, '/account/activity');
  assert.match(await page.getByRole('status').innerText(), /The account administrator has been notified\./);
  assert.match((await mail(ANA, /reported suspicious activity/)).body, /A login at night that I do not know\./);
}));

test('T10: “This wasn’t me” in a mail ends sessions and starts the reset', () => withContext({}, async (context, page) => {
  const email = person('t10-again');
  await openAccount(page, email);
  await click(page, 'Change password');
  await confirmIfAsked(page);
  await choosePassword(page, NEW_PASSWORD);
  const warning = await mail(email, /password was changed/);
  await withContext({}, async (other, elsewhere) => {
    await elsewhere.goto(link(warning, '/not-me'));
    await assertPage(elsewhere, '/not-me', 'This wasn’t you?');
    await click(elsewhere, 'Secure my account');
    await assertPage(elsewhere, '/not-me', 'Your account is secured');
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/login');
    await onward(page, () => logIn(page, email, NEW_PASSWORD));
    assert.equal(path(page), '/login', 'the password stopped working');
    await mail(email, /account was secured/);
    await elsewhere.goto(link(await mail(email, /^Reset your/), '/password/reset/finish'));
    await choosePassword(elsewhere, 'eleven copper whistles sing');
    await assertPage(elsewhere, '/login');
    await onward(elsewhere, () => logIn(elsewhere, email, 'eleven copper whistles sing'));
    await assertPage(elsewhere, '/account', 'My Account');
  });
}));

test('A1: One-Time Password Options has its own place on the Authentication tab', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/account/authentication#one-time-password`);
  await onward(page, () => logIn(page, person('a1')));
  await authenticationTab(page);
  await page.goto(`${issuer}/account/authentication#one-time-password`);
  const heading = page.locator('#one-time-password').getByRole('heading', { name: 'One-Time Password Options' });
  await heading.waitFor();
  assert.equal(await heading.evaluate((element) => element.getBoundingClientRect().top < innerHeight), true);
}));

test('A2: Request New QR code: the old one stays valid until the new one is verified', () => withContext({}, async (context, page) => {
  const email = person('a2');
  await openAccount(page, email);
  await authenticationTab(page);
  const old = await enable(page);
  await authenticationTab(page);
  await click(page, 'Request New QR code');
  await confirmIfAsked(page, { phone: old });
  await assertPage(page, '/account/authentication/totp');
  const fresh = await scan(page);
  assert.notEqual(fresh.secret, old.secret);
  await withContext({}, async (other, elsewhere) => openAccountWithCode(elsewhere, email, old));
  await fill(page, 'Verification code', await fresh.code());
  await click(page, 'Verify and enable');
  await confirmIfAsked(page, { phone: old });
  assert.match(await page.getByRole('status').innerText(), /Your new app is in use\./);
  await click(page, 'Log out');
  await openAccountWithCode(page, email, fresh);
}));

test('A3: scan the code, or enter it by hand', () => withContext({}, async (context, page) => {
  const email = person('a3');
  await openAccount(page, email);
  await authenticationTab(page);
  await click(page, 'Request New QR code');
  await confirmIfAsked(page);
  const byHand = (await page.locator('#secret-key').innerText()).toLowerCase();
  assert.match(await text(page), new RegExp(`Account\\s+${email}[\\s\\S]*Time-based, 6 digits, 30 seconds, SHA-1`));
  assert.equal((await photographed(page)).searchParams.get('secret').toLowerCase(), byHand.replaceAll(' ', ''));
  const phone = new Phone(byHand.toUpperCase());
  const code = await phone.code();
  await fill(page, 'Verification code', `${code.slice(0, 3)} ${code.slice(3)}`);
  await click(page, 'Verify and enable');
  await click(page, 'I have saved them');
  assert.match(await page.getByRole('status').innerText(), /Two-factor authentication is on\./);
}));

test('A4: afterwards uncheck “receive password via email”', () => withContext({}, async (context, page) => {
  const email = person('a4');
  const byMail = 'Receive one-time password via email';
  await openAccount(page, email);
  await authenticationTab(page);
  await page.getByLabel(byMail).check();
  await click(page, 'Save');
  await confirmIfAsked(page);
  assert.match(await page.getByRole('status').innerText(), /You can receive one-time passwords by email\./);
  await click(page, 'Log out');
  await openAccount(page, email);
  await assertPage(page, '/login/email-code', 'Enter the code from your email');
  const [code] = (await mail(email, /one-time password$/)).subject.match(/^\d{6}/);
  await fill(page, 'Code', code);
  await click(page, 'Verify');
  await assertPage(page, '/account', 'My Account');
  await authenticationTab(page);
  const phone = await enable(page);
  await authenticationTab(page);
  await page.getByLabel(byMail).uncheck();
  await click(page, 'Save');
  await confirmIfAsked(page, { phone });
  assert.match(await page.getByRole('status').innerText(), /We do not send you one-time passwords by email any more\./);
  await click(page, 'Log out');
  await openAccount(page, email);
  await assertPage(page, '/login/code');
  assert.equal(await page.getByRole('button', { name: 'Email me a code' }).count(), 0);
}));
