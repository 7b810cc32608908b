// A1 to A4 of the help pages: One-Time Password Options.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authenticationTab, click, confirmIfAsked, enable, fill, mail, onward, openAccount, openAccountWithCode, Phone, photographed, scan, status, text } from '../lib/account.mjs';
import { assertPage, logIn } from '../lib/steps.mjs';
import { inEachWay, withContext, world } from '../lib/world.mjs';

const { issuer } = world;

describe('One-Time Password Options', { concurrency: 8 }, () => {
  inEachWay(test, 'A1: One-Time Password Options has its own place on the Authentication tab', async ({ page, person }) => {
    await page.goto(`${issuer}/account/authentication#one-time-password`);
    await onward(page, () => logIn(page, person('a1')));
    await authenticationTab(page);
    await page.goto(`${issuer}/account/authentication#one-time-password`);
    const heading = page.locator('#one-time-password').getByRole('heading', { name: 'One-Time Password Options' });
    await heading.waitFor();
    assert.equal(await heading.evaluate((element) => element.getBoundingClientRect().top < innerHeight), true);
  });

  inEachWay(test, 'A2: Request New QR code: the old one stays valid until the new one is verified', async ({ page, options, person }) => {
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
    await withContext(options, async (other, elsewhere) => openAccountWithCode(elsewhere, email, old));
    await fill(page, 'Verification code', await fresh.code());
    await click(page, 'Verify and enable');
    await confirmIfAsked(page, { phone: old });
    assert.match(await status(page), /Your new app is in use\./);
    await click(page, 'Log out');
    await openAccountWithCode(page, email, fresh);
  });

  inEachWay(test, 'A3: scan the code, or enter it by hand', async ({ page, options, person }) => {
    const email = person('a3');
    await openAccount(page, email);
    await authenticationTab(page);
    await click(page, 'Request New QR code');
    await confirmIfAsked(page);
    const byHand = (await page.locator('#secret-key').innerText()).toLowerCase();
    assert.match(await text(page), new RegExp(`Account\\s+${email}[\\s\\S]*Time-based, 6 digits, 30 seconds, SHA.1`));
    assert.equal((await photographed(page)).searchParams.get('secret').toLowerCase(), byHand.replaceAll(' ', ''));
    const phone = new Phone(byHand.toUpperCase());
    const code = await phone.code();
    await fill(page, 'Verification code', `${code.slice(0, 3)} ${code.slice(3)}`);
    await click(page, 'Verify and enable');
    await click(page, 'I have saved them');
    assert.match(await status(page), /Two-factor authentication is on\./);
  });

  inEachWay(test, 'A4: afterwards uncheck “receive password via email”', async ({ page, options, person }) => {
    const email = person('a4');
    const byMail = 'Receive one-time password via email';
    await openAccount(page, email);
    await authenticationTab(page);
    await page.getByLabel(byMail).check();
    await click(page, 'Save');
    await confirmIfAsked(page);
    assert.match(await status(page), /You can receive one-time passwords by email\./);
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
    assert.match(await status(page), /We do not send you one-time passwords by email any more\./);
    await click(page, 'Log out');
    await openAccount(page, email);
    await assertPage(page, '/login/code');
    assert.equal(await page.getByRole('button', { name: 'Email me a code' }).count(), 0);
  });
});
