// Consent and the choice of an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askAsDevice, assertPage, assertResult, detail, logIn, pollAsDevice, start } from '../lib/steps.mjs';
import { ANA, BO, PASSWORD, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer } = world;

test('a refused consent goes back with access_denied, an allowed one signs in and is remembered', () => withContext({}, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page);
  await assertPage(page, '/consent', 'Allow Ticketing to use your account?');
  assert.match(await page.locator('main').innerText(), new RegExp(`Either way you go back to localhost:${ticketing.port}\\.`));
  await page.locator('#consent-deny').click();
  await assertResult(page, ticketing, 'access_denied');
  await start(page, ticketing);
  await assertPage(page, '/consent');
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${ANA}`);
  await start(page, ticketing);
  await assertResult(page, ticketing, `signed in: ${ANA}`);
  await start(page, ticketing, { prompt: 'consent' });
  await assertPage(page, '/consent');
}));

test('consent works without JavaScript', () => withContext({ javaScriptEnabled: false }, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page, BO);
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${BO}`);
}));

test('the code of a device is typed, compared and allowed without JavaScript; a link alone does nothing', () => withContext({ javaScriptEnabled: false }, async (context, page) => {
  const device = await askAsDevice();
  await page.goto(device.verification_uri_complete);
  assert.equal(await page.locator('#user-code').inputValue(), device.user_code);
  assert.equal(await pollAsDevice(device), 'authorization_pending');
  await page.locator('#device-submit').click();
  await logIn(page);
  await assertPage(page, '/device/confirm', 'Connect Television to your account?');
  assert.match(await page.locator('main').innerText(), new RegExp(device.user_code));
  await page.locator('#device-allow').click();
  await assertPage(page, '/device/done', 'You can go back to your device');
  assert.equal(await pollAsDevice(device), 'tokens');
}));

test('on the consent page one can be somebody else', () => withContext({}, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page, ANA);
  await page.getByRole('link', { name: 'Not you? Use another account' }).click();
  await assertPage(page, '/login');
  assert.equal(await page.locator('#identifier').inputValue(), '');
  await logIn(page, BO);
  await assertPage(page, '/consent');
  assert.match(await page.locator('main').innerText(), /bo@example\.test/);
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${BO}`);
}));

test('accounts: choose, use another, choose the first one again, remove one', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page, ANA);
  await assertResult(page, autotalk, `signed in: ${ANA}`);

  await start(page, autotalk, { prompt: 'select_account' });
  await assertPage(page, '/choose-account', 'Choose an account');
  await page.getByRole('button', { name: /Ana Lima/ }).click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);

  await start(page, autotalk, { prompt: 'select_account' });
  await page.getByRole('button', { name: 'Use another account' }).click();
  await assertPage(page, '/login');
  await logIn(page, BO);
  await assertResult(page, autotalk, `signed in: ${BO}`);

  await start(page, autotalk, { prompt: 'select_account' });
  assert.equal(await page.locator('.account').count(), 2);
  await page.getByRole('button', { name: /Ana Lima/ }).click();
  await assertPage(page, '/login');
  assert.equal(await page.locator('#identifier').inputValue(), ANA);
  await page.locator('#password').fill(PASSWORD);
  await page.locator('#login-submit').click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);

  await start(page, autotalk, { prompt: 'select_account' });
  await page.getByRole('button', { name: `Remove ${BO} from this list` }).click();
  await assertPage(page, '/choose-account');
  assert.equal(await page.locator('.account').count(), 1);
  await page.getByRole('button', { name: /Ana Lima/ }).click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  assert.equal((await detail(page)).iss, issuer);
}));

test('no button offers to remove the account that is signed in: it would be back at once', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page, ANA);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  await start(page, autotalk, { prompt: 'select_account' });
  await assertPage(page, '/choose-account');
  assert.equal(await page.getByRole('button', { name: `Remove ${ANA} from this list` }).count(), 0);
}));
