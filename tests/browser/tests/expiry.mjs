// Pages that were open too long, and cookies that went away: one button, the same request, the application.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sleep } from '../lib/server.mjs';
import { assertPage, assertResult, detail, fillIn, heading, logIn, start } from '../lib/steps.mjs';
import { ANA, setupLink, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer } = world;
const { hasty } = world.servers;
// Longer than the flow of the hasty server lives.
const tooLong = () => sleep(1500);

/** A page that offers one way on, and nothing else to press. */
async function pressTheOneButton(page, expected) {
  await page.getByRole('heading', { name: expected }).waitFor();
  const ways = page.locator('main a:visible, main button:visible');
  assert.equal(await ways.count(), 1);
  await ways.click();
}

/** The request starts again: with a flow this short the form has to be sent in one go. */
async function logInQuickly(page) {
  await page.locator('#login-submit').waitFor();
  await page.evaluate(([email, password]) => {
    document.querySelector('#identifier').value = email;
    document.querySelector('#password').value = password;
    document.querySelector('#login-submit').click();
  }, [ANA, 'correct horse battery staple']);
}

test('a login form sent too late offers to start the same request again', () => withContext({}, async (context, page) => {
  await start(page, autotalk, { login_hint: ANA }, hasty);
  await fillIn(page);
  await tooLong();
  await page.locator('#login-submit').click();
  await pressTheOneButton(page, 'This page timed out');
  await assertPage(page, '/login', 'Log in to continue to AutoTalk');
  assert.equal(await page.locator('#identifier').inputValue(), ANA, 'the address is still there');
  await logInQuickly(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('an old link to the login page offers the same', () => withContext({ javaScriptEnabled: false }, async (context, page) => {
  await start(page, autotalk, {}, hasty);
  await tooLong();
  const response = await page.reload();
  assert.equal(response.status(), 400);
  await pressTheOneButton(page, 'This page timed out');
  await assertPage(page, '/login', 'Log in to continue to AutoTalk');
}));

test('a consent given too late offers the same', () => withContext({}, async (context, page) => {
  await start(page, ticketing, {}, hasty);
  await logInQuickly(page);
  await assertPage(page, '/consent');
  await tooLong();
  await page.locator('#consent-allow').click();
  await pressTheOneButton(page, 'This page timed out');
  await assertPage(page, '/consent');
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${ANA}`);
}));

test('a sign-in in another tab after the time is over: the button leads straight to the application', () => withContext({}, async (context, page) => {
  const other = await context.newPage();
  await start(page, autotalk, {}, hasty);
  await tooLong();
  await other.goto(`${hasty.origin}/login`);
  await logIn(other);
  await assertPage(other, '/account');
  await page.reload();
  await pressTheOneButton(page, 'This page timed out');
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('a question to log out that is too old asks again', () => withContext({}, async (context, page) => {
  await page.goto(`${hasty.origin}/login`);
  await logIn(page);
  await assertPage(page, '/account');
  await page.goto(`${hasty.origin}/logout`);
  await tooLong();
  await page.locator('#logout-confirm').click();
  await pressTheOneButton(page, 'This page timed out');
  await assertPage(page, '/logout', 'Do you want to log out?');
}));

test('cookies cleared before the form is sent: one button, and the application', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await context.clearCookies();
  await logIn(page);
  await pressTheOneButton(page, 'Your browser did not send our cookies back');
  await assertPage(page, '/login', 'Log in to continue to AutoTalk');
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('cookies cleared before a refresh: one button, and the application', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await context.clearCookies();
  await page.reload();
  await pressTheOneButton(page, 'Your browser did not send our cookies back');
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('cookies cleared on the consent page: one button, sign in, consent, application', () => withContext({}, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page);
  await assertPage(page, '/consent');
  await context.clearCookies();
  await page.locator('#consent-allow').click();
  await pressTheOneButton(page, 'Your browser did not send our cookies back');
  await logIn(page);
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${ANA}`);
}));

test('only the flow cookie was replaced: one button, and the application', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await context.clearCookies({ name: 'vestibule-flow' });
  await context.addCookies([{ name: 'vestibule-flow', value: 'A'.repeat(43), url: issuer }]);
  await logIn(page);
  await pressTheOneButton(page, 'This page timed out');
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('cookies cleared on a login without an application: a fresh form with the address kept', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/login`);
  await context.clearCookies();
  await logIn(page);
  await page.getByRole('status').waitFor();
  assert.equal(await page.locator('#identifier').inputValue(), ANA);
  await page.locator('#password').fill('correct horse battery staple');
  await page.locator('#login-submit').click();
  await assertPage(page, '/account');
}));

test('cookies that never come back: it says so, once, and the button works when they do', () => withContext({}, async (context, page) => {
  // A browser that blocks cookies: those that are set are gone by the next request.
  const forget = () => context.clearCookies();
  page.on('response', forget);
  await start(page, autotalk);
  await forget();
  await page.reload();
  await page.getByRole('heading', { name: 'Your browser did not send our cookies back' }).waitFor();
  page.off('response', forget);
  await page.locator('main a').click();
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('cookies cleared on the set-up page is no dead end', () => withContext({}, async (context, page) => {
  await page.goto(setupLink());
  await context.clearCookies();
  await page.locator('#identifier').fill('not an address');
  await page.locator('#setup-submit').click();
  await page.locator('main h1').waitFor();
  assert.notEqual(await heading(page), 'This form could not be accepted');
  assert.equal(await page.locator('#identifier').inputValue(), 'not an address');
}));

test('an answer of the application is for one request: state differs after a restart of another', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  const first = await detail(page);
  await start(page, autotalk);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  assert.notEqual((await detail(page)).state, first.state);
}));
