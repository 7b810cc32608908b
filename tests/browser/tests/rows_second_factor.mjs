// T3 to T7 of the help pages: the authenticator app.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { alert, authenticationTab, click, confirmIfAsked, enable, fill, mail, onward, openAccount, openAccountWithCode, Phone, photographed, scan, status, text, untilAsked, verify } from '../lib/account.mjs';
import { assertPage, assertResult, logIn, start } from '../lib/steps.mjs';
import { inEachWay, PASSWORD, world } from '../lib/world.mjs';

const { autotalk, issuer, servers } = world;

/** An account with an app, on its Authentication tab. */
async function enabled(page, email, server = servers.main) {
  await openAccount(page, email, PASSWORD, server);
  await authenticationTab(page, server);
  const phone = await enable(page);
  await authenticationTab(page, server);
  return phone;
}

async function disable(page, phone) {
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone });
  await assertPage(page, '/account/authentication/disable');
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone });
  await assertPage(page, '/account/authentication');
  assert.match(await status(page), /Two-factor authentication is off\./);
}

describe('second factor', { concurrency: 8 }, () => {
  inEachWay(test, 'T3: Authentication tab, Enable two-factor authentication, QR code or secret key, Verify and enable', async ({ page, person, scripts }) => {
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
    assert.match(await text(page), /Google Authenticator[\s\S]*Microsoft Authenticator[\s\S]*Authy[\s\S]*1Password/);
    const phone = new Phone(setting('secret'));
    await fill(page, 'Verification code', '12345');
    await click(page, 'Verify and enable');
    assert.match(await alert(page), /The code is 6 digits, for example 123456/);
    await page.reload();
    assert.equal(await page.locator('#secret-key').innerText(), shown, 'neither a mistake nor a refresh changes the secret');
    await page.emulateMedia({ media: 'print' });
    for (const [selector, printed] of [['svg.qr', true], ['#secret-key', true], ['#code-submit', false], ['nav', false]]) {
      assert.equal(await page.locator(selector).first().isVisible(), printed, `${selector} on the sheet to print`);
    }
    await page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
    assert.equal((await photographed(page)).href, uri.href, 'in the dark, too');
    await fill(page, 'Verification code', await phone.code());
    await click(page, 'Verify and enable');
    const codes = await page.locator('#recovery-codes code').allInnerTexts();
    assert.equal(new Set(codes).size, 10);
    if (scripts) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download as a text file' }).click()]);
      const file = await readFile(await download.path(), 'utf8');
      for (const code of codes) assert.ok(file.includes(code), code);
    }
    await click(page, 'I have saved them');
    await assertPage(page, '/account/authentication');
    assert.match(await status(page), /Two-factor authentication is on\./);
    await mail(email, /Two-factor authentication was turned on/);
  });

  inEachWay(test, 'T3: if prompted, the password; the page then goes on by itself', async ({ page, person }) => {
    const email = person('t3-asked');
    await openAccount(page, email, PASSWORD, servers.wary);
    await untilAsked(page, `${servers.wary.origin}/account/authentication/totp`);
    assert.match(await text(page), /To enable two-factor authentication, enter the password you use now\./);
    assert.equal(await page.getByLabel('Email').inputValue(), email);
    await fill(page, 'Password', 'not the password at all');
    await click(page, 'Confirm');
    assert.match(await alert(page), /That password is not correct\./);
    await fill(page, 'Password', PASSWORD);
    await click(page, 'Confirm');
    await assertPage(page, '/account/authentication/totp', 'Enable two-factor authentication');
  });

  inEachWay(test, 'T4: once enabled, a 6-digit code at every sign-in; a used one is refused', async ({ page, person }) => {
    const email = person('t4');
    const phone = await enabled(page, email);
    await click(page, 'Log out');
    await openAccount(page, email);
    await assertPage(page, '/login/code', 'Enter your verification code');
    await verify(page, await phone.at(phone.used));
    assert.match(await alert(page), /That code has already been used\. Wait \d+ seconds? for the next one\./);
    const wrong = String((Number(await phone.at(phone.used + 1)) + 1) % 1_000_000).padStart(6, '0');
    await verify(page, wrong);
    assert.match(await alert(page), /That code is not correct\./);
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/login');
    await openAccount(page, email);
    await verify(page, await phone.code());
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
    assert.match(await alert(page), /That recovery code is not correct, or it has been used\./);
  });

  inEachWay(test, 'T4: a trusted device is not asked again, until it is forgotten', async ({ page, person }) => {
    const email = person('t4-trusted');
    const phone = await enabled(page, email);
    await click(page, 'Log out');
    await openAccount(page, email);
    await page.getByLabel(/^Do not ask on this device for 30 days$/).check();
    await verify(page, await phone.code());
    await assertPage(page, '/account');
    await click(page, 'Log out');
    await openAccount(page, email);
    await assertPage(page, '/account', 'My Account');
    await authenticationTab(page);
    assert.match(await page.locator('#trusted-devices').innerText(), /This device/);
    await click(page, 'Forget');
    await confirmIfAsked(page, { phone });
    assert.match(await status(page), /You will be asked for a code there again\./);
    await click(page, 'Log out');
    await openAccount(page, email);
    await assertPage(page, '/login/code');
  });

  inEachWay(test, 'T5: the same secret can be re-enrolled on a new phone without disabling 2FA', async ({ page, person }) => {
    const email = person('t5');
    const phone = await enabled(page, email);
    await click(page, 'Log out');
    const second = new Phone(phone.secret);
    second.next = phone.next;
    await openAccountWithCode(page, email, second);
    await authenticationTab(page);
    assert.match(await text(page), /Two-factor authentication On/);
    await click(page, 'Log out');
    phone.next = second.next;
    await openAccountWithCode(page, email, phone);
  });

  inEachWay(test, 'T6: Authentication tab, Disable two-factor authentication: only email and password from then on', async ({ page, person }) => {
    const email = person('t6');
    await disable(page, await enabled(page, email));
    await click(page, 'Log out');
    await openAccount(page, email);
    await assertPage(page, '/account', 'My Account');
    await mail(email, /Two-factor authentication was turned off/);
  });

  inEachWay(test, 'T6: if prompted, the password and a code', async ({ page, person }) => {
    const email = person('t6-asked');
    const phone = await enabled(page, email, servers.wary);
    await untilAsked(page, `${servers.wary.origin}/account/authentication/disable`);
    assert.match(await text(page), /To disable two-factor authentication, enter the password you use now\./);
    await fill(page, 'Password', PASSWORD);
    await fill(page, 'Verification code', '12');
    await click(page, 'Confirm');
    assert.match(await alert(page), /That code is not correct\./);
    await confirmIfAsked(page, { phone });
    await assertPage(page, '/account/authentication/disable', 'Disable two-factor authentication');
    await click(page, 'Disable two-factor authentication');
    await confirmIfAsked(page, { phone });
    assert.match(await status(page), /Two-factor authentication is off\./);
  });

  inEachWay(test, 'T6: where the organisation requires a second factor it is set up on the way, and cannot be disabled', async ({ page, person }) => {
    const email = person('member-t6');
    await start(page, autotalk);
    await onward(page, () => logIn(page, email));
    await assertPage(page, '/login/enroll', 'Set up two-factor authentication');
    assert.match(await text(page), /Your organisation asks for a second factor\. Set it up now; it takes a minute\./);
    const secret = await page.locator('#secret-key').innerText();
    assert.equal((await photographed(page)).searchParams.get('secret'), secret.replaceAll(' ', ''));
    await fill(page, 'Verification code', '000000');
    await click(page, 'Verify and enable');
    assert.match(await alert(page), /That code is not correct\./);
    assert.equal(await page.locator('#secret-key').innerText(), secret, 'a mistake changes no secret');
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/login', 'Log in');
    await start(page, autotalk);
    await onward(page, () => logIn(page, email));
    await assertPage(page, '/login/enroll');
    const phone = await scan(page);
    await fill(page, 'Verification code', await phone.code());
    await click(page, 'Verify and enable');
    await assertPage(page, '/login/recovery-codes', 'Save your recovery codes');
    assert.equal(await page.locator('#recovery-codes code').count(), 10);
    await click(page, 'I have saved them');
    await assertResult(page, autotalk, `signed in: ${email}`);
    await authenticationTab(page);
    assert.match(await text(page), /Your organisation asks for a second factor, so it cannot be turned off\./);
    await click(page, 'Disable two-factor authentication');
    await confirmIfAsked(page, { phone });
    assert.match(await alert(page), /Your organisation asks for a second factor, so it cannot be turned off\./);
    assert.equal(await page.getByRole('button', { name: 'Disable two-factor authentication' }).count(), 0);
  });

  inEachWay(test, 'T7: switching phones: Move to a new app, with no moment without 2FA', async ({ page, person }) => {
    const email = person('t7');
    const old = await enabled(page, email);
    await click(page, 'Move to a new app');
    await confirmIfAsked(page, { phone: old });
    const fresh = await scan(page);
    assert.notEqual(fresh.secret, old.secret);
    await fill(page, 'Verification code', await fresh.code());
    await click(page, 'Verify and enable');
    await confirmIfAsked(page, { phone: old });
    assert.match(await status(page), /Your new app is in use\. Codes of the old one do not work any more\./);
    await click(page, 'Log out');
    await openAccount(page, email);
    await verify(page, await old.code());
    assert.match(await alert(page), /That code is not correct\./);
    await verify(page, await fresh.code());
    await assertPage(page, '/account', 'My Account');
  });

  inEachWay(test, 'T7: switching phones: disable, enable, scan the new code', async ({ page, person }) => {
    const email = person('t7-again');
    const old = await enabled(page, email);
    await disable(page, old);
    await authenticationTab(page);
    const fresh = await enable(page);
    assert.notEqual(fresh.secret, old.secret);
    await click(page, 'Log out');
    await openAccountWithCode(page, email, fresh);
  });
});
