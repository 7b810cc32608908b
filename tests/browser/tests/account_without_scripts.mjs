// What the help pages promise, in a browser without JavaScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { click, confirmIfAsked, enable, fill, link, mail, onward, openAccount, openAccountWithCode, scan } from '../lib/account.mjs';
import { assertPage, assertResult, logIn, start } from '../lib/steps.mjs';
import { PASSWORD, person, withContext, world } from '../lib/world.mjs';

const { autotalk, issuer } = world;
const NEW_PASSWORD = 'seven quiet lanterns drift';
const withoutScripts = { javaScriptEnabled: false };

async function choosePassword(page, password) {
  await fill(page, 'New password', password);
  await fill(page, 'Confirm new password', password);
  await click(page, 'Save');
}

test('without JavaScript: T1, T2, T8, T9: change a password, forget it, choose another', () => withContext(withoutScripts, async (context, page) => {
  const email = person('scripts-off-reset');
  await openAccount(page, email);
  await click(page, 'Change password');
  await confirmIfAsked(page);
  await choosePassword(page, 'passwordpassword');
  assert.match(await page.getByRole('alert').innerText(), /There is a problem/);
  await choosePassword(page, NEW_PASSWORD);
  assert.match(await page.getByRole('status').innerText(), /Your password has been changed\./);
  await click(page, 'Log out');
  await assertPage(page, '/login', 'Log in');
  await start(page, autotalk);
  await click(page, 'Forgot your password?');
  await fill(page, 'Email', email);
  await click(page, 'Send link');
  await page.goto(link(await mail(email, /^Reset your/), '/password/reset/finish'));
  await choosePassword(page, 'eleven copper whistles sing');
  await assertPage(page, '/login', 'Log in to continue to AutoTalk');
  await onward(page, () => logIn(page, email, NEW_PASSWORD));
  assert.match(await page.getByRole('alert').innerText(), /The email or password is not correct\./);
  await onward(page, () => logIn(page, email, 'eleven copper whistles sing'));
  await assertResult(page, autotalk, `signed in: ${email}`);
}));

test('without JavaScript: T3 to T7: enable two-factor authentication, log in with a code, move to a new app, disable', () => withContext(withoutScripts, async (context, page) => {
  const email = person('scripts-off');
  await openAccount(page, email);
  await click(page, 'User Profile');
  await click(page, 'Authentication');
  const old = await enable(page);
  assert.match(await page.getByRole('status').innerText(), /Two-factor authentication is on\./);
  await click(page, 'Log out');
  await openAccount(page, email);
  await fill(page, 'Verification code', await old.at(old.used));
  await click(page, 'Verify');
  assert.match(await page.getByRole('alert').innerText(), /That code has already been used\./);
  await fill(page, 'Verification code', await old.code());
  await click(page, 'Verify');
  await assertPage(page, '/account', 'My Account');
  await page.goto(`${issuer}/account/authentication`);
  await click(page, 'Move to a new app');
  await confirmIfAsked(page, { phone: old });
  const fresh = await scan(page);
  await fill(page, 'Verification code', await fresh.code());
  await click(page, 'Verify and enable');
  await confirmIfAsked(page, { phone: old });
  assert.match(await page.getByRole('status').innerText(), /Your new app is in use\./);
  await click(page, 'Log out');
  await openAccountWithCode(page, email, fresh);
  await page.goto(`${issuer}/account/authentication`);
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone: fresh });
  await click(page, 'Disable two-factor authentication');
  await confirmIfAsked(page, { phone: fresh });
  assert.match(await page.getByRole('status').innerText(), /Two-factor authentication is off\./);
  await click(page, 'Log out');
  await openAccount(page, email, PASSWORD);
  await assertPage(page, '/account', 'My Account');
}));
