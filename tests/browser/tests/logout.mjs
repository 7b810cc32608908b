// Logging out: from My Account, from an application with and without a hint.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertPage, assertResult, heading, logIn, start } from '../lib/steps.mjs';
import { ANA, withContext, world } from '../lib/world.mjs';

const { autotalk, portal, issuer } = world;

async function signedIn(page, application = autotalk) {
  await start(page, application);
  await logIn(page);
  await page.locator('#result').waitFor();
}

const logoutUrl = (parameters) => `${issuer}/logout?${new URLSearchParams(parameters)}`;

test('with a hint the application gets the person back at once', () => withContext({}, async (context, page) => {
  await signedIn(page);
  await page.goto(logoutUrl({ id_token_hint: autotalk.idToken, post_logout_redirect_uri: autotalk.goodbye, state: 'see you' }));
  await assertResult(page, autotalk, 'goodbye');
  assert.equal(await page.locator('#detail').innerText(), 'see you');
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login');
}));

test('without a hint the person is asked, may stay, and may go back to the application', () => withContext({}, async (context, page) => {
  await signedIn(page);
  const url = logoutUrl({ client_id: autotalk.id, post_logout_redirect_uri: autotalk.goodbye, state: 's' });
  await page.goto(url);
  await assertPage(page, '/logout', 'Do you want to log out?');
  assert.match(await page.locator('main').innerText(), new RegExp(ANA));
  await page.getByRole('link', { name: 'Stay logged in' }).click();
  await assertPage(page, '/account', 'My Account');
  await page.goto(url);
  await page.reload();
  await page.locator('#logout-confirm').click();
  await assertResult(page, autotalk, 'goodbye');
}));

test('a logout that ends here says so, also without JavaScript', () => withContext({ javaScriptEnabled: false }, async (context, page) => {
  await signedIn(page);
  await page.goto(logoutUrl({}));
  await page.locator('#logout-confirm').click();
  await assertPage(page, '/logged-out', 'You have logged out');
  await page.reload();
  await assertPage(page, '/logged-out', 'You have logged out');
  await page.getByRole('link', { name: 'Log in again' }).click();
  await assertPage(page, '/login', 'Log in');
}));

test('an application may send people on to another of its hosts after a logout', () => withContext({}, async (context, page) => {
  await signedIn(page, portal);
  await page.goto(logoutUrl({ client_id: portal.id, post_logout_redirect_uri: `${portal.origin}/leave` }));
  await page.locator('#logout-confirm').click();
  await page.waitForURL((url) => url.href.startsWith(portal.onwardTo));
  assert.equal(await page.locator('#result').innerText(), 'done');
}));

test('Log out in My Account leads to the login screen, and back shows nothing private', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/login`);
  await logIn(page);
  await assertPage(page, '/account', 'My Account');
  await page.locator('#log-out').click();
  await assertPage(page, '/login');
  assert.equal(await page.getByRole('status').innerText(), 'You have logged out');
  await page.goBack();
  await assertPage(page, '/login', 'Log in');
  assert.doesNotMatch(await page.locator('body').innerText(), /ana@example/);
}));

test('Log out with cookies that are gone is no dead end', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/login`);
  await logIn(page);
  await assertPage(page, '/account');
  await context.clearCookies();
  await page.locator('#log-out').click();
  await page.locator('main h1').waitFor();
  assert.notEqual(await heading(page), 'This form could not be accepted');
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login');
}));

test('the question to log out, answered with cookies that are gone, is no dead end', () => withContext({}, async (context, page) => {
  await signedIn(page);
  await page.goto(logoutUrl({}));
  await context.clearCookies();
  await page.locator('#logout-confirm').click();
  await page.locator('main h1').waitFor();
  assert.notEqual(await heading(page), 'This form could not be accepted');
}));
