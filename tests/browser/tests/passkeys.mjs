// Passkeys with Chromium's virtual authenticator: added, in place of the password, as second factor, removed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { click, fill, link, mail, onward, openAccount, text } from '../lib/account.mjs';
import { addFirstPasskey, Authenticator, openPasskeys, passwordAlone } from '../lib/passkeys.mjs';
import { assertPage, assertResult, detail, logIn, path, start } from '../lib/steps.mjs';
import { person, withContext, world } from '../lib/world.mjs';

const { autotalk, issuer } = world;
const claims = async (page) => (await detail(page)).claims ?? detail(page);

test('a passkey is added under My Account and signs its person in from the address field', () => withContext({}, async (context, page) => {
  const email = person('passkey-first');
  const authenticator = await Authenticator.of(context, page, { synced: true });
  await addFirstPasskey(page, email);
  assert.match(await text(page), /My laptop\s+Synced/);
  await mail(email, /passkey was added/);
  const [credential] = await authenticator.credentials();
  assert.ok(credential.isResidentCredential && credential.rpId === 'localhost');

  await context.clearCookies();
  const answered = page.waitForRequest((request) => request.method() === 'POST' && request.url() === `${issuer}/login`);
  await start(page, autotalk, { acr_values: 'aal2' });
  await assertResult(page, autotalk, `signed in: ${email}`);
  const { acr, amr } = await claims(page);
  assert.deepEqual([acr, amr], ['aal2', ['swk', 'user', 'mfa']]);

  // The same answer again, from the same browser: it was good for once.
  const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: issuer };
  const again = await context.request.post(`${issuer}/login`, { headers, data: (await answered).postData(), maxRedirects: 0 });
  assert.equal(again.status(), 422);
  assert.match(await again.text(), /That passkey cannot be used to log in here\./);
}));

test('the button on the login page, a person who changes their mind, and an unknown passkey', () => withContext({}, async (context, page) => {
  const email = person('passkey-button');
  const authenticator = await Authenticator.of(context, page);
  await addFirstPasskey(page, email);
  await context.clearCookies();
  await authenticator.touched(false);
  await page.goto(`${issuer}/login`);
  assert.equal(await page.locator('#identifier').getAttribute('autocomplete'), 'username webauthn');
  const button = page.getByRole('button', { name: 'Sign in with a passkey' });
  await button.waitFor();
  await authenticator.verified(false);
  await authenticator.touched(true);
  await button.click();
  await page.getByText('That did not work.').waitFor();
  assert.equal(path(page), '/login');
  await authenticator.verified(true);
  await onward(page, () => button.click());
  await assertPage(page, '/account', 'My Account');

  // Removed here, but not on the device: it says one thing, and the password still works.
  await openPasskeys(page);
  await click(page, 'Remove My laptop');
  assert.match(await page.getByRole('status').innerText(), /Your passkey has been removed\./);
  await mail(email, /passkey was removed/);
  await context.clearCookies();
  await authenticator.touched(false);
  await page.goto(`${issuer}/login`);
  await authenticator.touched(true);
  // From the address field or from the button, whichever comes first.
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('link', { name: 'That passkey cannot be used to log in here. Use your email and password.' }).waitFor();
  await authenticator.touched(false);
  await onward(page, () => logIn(page, email));
  await assertPage(page, '/account');
}));

test('a passkey of this device as second factor, and a recovery code instead of it', () => withContext({}, async (context, page) => {
  const email = person('passkey-second');
  const authenticator = await Authenticator.of(context, page);
  const [code] = await addFirstPasskey(page, email);
  await page.getByText('Not used yet.').waitFor();
  await context.clearCookies();
  await authenticator.touched(false);
  await start(page, autotalk);
  await passwordAlone(page, authenticator, () => logIn(page, email));
  await authenticator.touched(true);
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await assertResult(page, autotalk, `signed in: ${email}`);
  const { acr, amr } = await claims(page);
  assert.deepEqual([acr, amr], ['aal2', ['pwd', 'hwk', 'user', 'mfa']]);

  await context.clearCookies();
  await authenticator.touched(false);
  await start(page, autotalk);
  await passwordAlone(page, authenticator, () => logIn(page, email));
  await click(page, 'Use a recovery code');
  await fill(page, 'Recovery code', code);
  await page.getByRole('button', { name: 'Verify' }).click();
  await assertResult(page, autotalk, `signed in: ${email}`);
}));

test('the same authenticator is not added twice', () => withContext({}, async (context, page) => {
  await Authenticator.of(context, page);
  await addFirstPasskey(page, person('passkey-twice'));
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('That passkey is in use already.').waitFor();
}));

test('without JavaScript the pages say what else there is', () => withContext({}, async (context, page) => {
  const email = person('passkey-scripts-off');
  const authenticator = await Authenticator.of(context, page);
  const [code] = await addFirstPasskey(page, email);
  await authenticator.touched(false);
  await withContext({ javaScriptEnabled: false }, async (other, plain) => {
    await openAccount(plain, email);
    await assertPage(plain, '/login/passkey');
    assert.match(await text(plain), /Passkeys need JavaScript/);
    assert.equal(await plain.getByRole('button', { name: 'Use a passkey' }).count(), 0);
    await click(plain, 'Use a recovery code');
    await fill(plain, 'Recovery code', code);
    await click(plain, 'Verify');
    await assertPage(plain, '/account');
    await plain.goto(`${issuer}/account/authentication/passkeys`);
    assert.match(await text(plain), /Passkeys need JavaScript/);
  });
}));

test('after "This wasn\'t me" a passkey alone opens nothing', () => withContext({}, async (context, page) => {
  const email = person('passkey-not-me');
  const authenticator = await Authenticator.of(context, page);
  await addFirstPasskey(page, email);
  await page.goto(link(await mail(email, /passkey was added/), '/not-me'));
  await click(page, 'Secure my account');
  await page.goto(`${issuer}/login`);
  await page.getByRole('link', { name: 'That passkey cannot be used to log in here. Use your email and password.' }).waitFor();
  await authenticator.touched(false);
}));
