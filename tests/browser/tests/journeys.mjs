// Signing in, as people do it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertPage, assertResult, detail, fillIn, logIn, start } from '../lib/steps.mjs';
import { ANA, PASSWORD, inEachWay, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, portal, issuer } = world;

const ways = {
  'on a desk, light': {},
  'on a desk, dark': { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true },
  'without JavaScript': { javaScriptEnabled: false },
  'in Brazilian Portuguese': { locale: 'pt-BR' },
};

for (const [way, options] of Object.entries(ways)) {
  test(`a person signs in ${way}`, () => withContext(options, async (context, page) => {
    await start(page, autotalk);
    assert.equal(new URL(page.url()).origin, issuer);
    await logIn(page);
    await assertResult(page, autotalk, `signed in: ${ANA}`);
    const claims = await detail(page);
    assert.equal(claims.iss, issuer);
    assert.deepEqual([claims.aud].flat(), [autotalk.id]);
  }));
}

test('a wrong password says so, keeps the address, and the right one works', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page, ANA, 'not the password at all');
  await page.getByRole('alert').waitFor();
  assert.match(await page.getByRole('alert').innerText(), /The email or password is not correct\./);
  assert.match(await page.title(), /^Error: Log in to continue to AutoTalk – /);
  assert.equal(await page.locator('#identifier').inputValue(), ANA);
  assert.equal(await page.locator('#password').inputValue(), '');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
  assert.equal(await page.locator('#password').getAttribute('aria-invalid'), 'true');
  const description = await page.locator('#password').getAttribute('aria-describedby');
  assert.match(await page.locator(`#${description}`).innerText(), /not correct/);
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('empty fields are named, and the summary leads to them', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  for (const [email, password, field] of [['', '', 'identifier'], [ANA, '', 'password']]) {
    await logIn(page, email, password);
    await page.getByRole('alert').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'alert', 'focus goes to the summary');
    await page.getByRole('alert').getByRole('link').click();
    assert.equal(await page.evaluate(() => document.activeElement.id), field);
  }
}));

test('the fields carry what password managers look for', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/login`);
  const attributes = (selector) => page.locator(selector).evaluate((element) => Object.fromEntries([...element.attributes].map(({ name, value }) => [name, value])));
  const email = await attributes('#identifier');
  assert.deepEqual([email.type, email.autocomplete, email.autocapitalize, email.spellcheck, email.inputmode], ['email', 'username webauthn', 'none', 'false', 'email']);
  const password = await attributes('#password');
  assert.deepEqual([password.type, password.autocomplete, password.maxlength], ['password', 'current-password', undefined]);
}));

test('a second application signs the person in without a prompt', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  const { sub, sid } = await detail(page);
  const asked = [];
  page.on('framenavigated', (frame) => asked.push(new URL(frame.url()).pathname));
  await start(page, autotalk, { prompt: 'none' });
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  await start(page, portal);
  await page.locator('#result').waitFor();
  assert.ok(page.url().startsWith(portal.onwardTo));
  assert.ok(!asked.includes('/login'), asked.join(' '));
  assert.ok(sub && sid);
}));

test('an application that sends people on to another of its hosts is not blocked after the form', () => withContext({}, async (context, page) => {
  await start(page, portal);
  await logIn(page);
  await page.locator('#result').waitFor();
  assert.ok(page.url().startsWith(portal.onwardTo), page.url());
}));

inEachWay(test, 'the answer is posted to an application that wants it so: by itself, or with a button', async ({ page, scripts }) => {
  const asked = { response_mode: 'form_post' };
  const sentOn = async () => { if (!scripts) await page.getByRole('button', { name: 'Continue' }).click(); };
  // Refused, it asks again from its callback: the page's policy lets the browser come back to us.
  await start(page, autotalk, { ...asked, prompt: 'none', then: JSON.stringify(asked) });
  await sentOn();
  await logIn(page);
  await sentOn();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  assert.equal((await detail(page)).method, 'POST');
  await start(page, ticketing, { ...asked, prompt: 'consent' });
  await page.locator('#consent-deny').click();
  await sentOn();
  await assertResult(page, ticketing, 'access_denied');
  await start(page, portal, asked);
  await sentOn();
  await page.locator('#result').waitFor();
  assert.ok(page.url().startsWith(portal.onwardTo), page.url());
});

test('nobody signed in, and no page allowed: the application is told', () => withContext({}, async (context, page) => {
  await start(page, autotalk, { prompt: 'none' });
  await assertResult(page, autotalk, 'login_required');
}));

test('login_hint fills in the address and sends nothing', () => withContext({}, async (context, page) => {
  await start(page, autotalk, { login_hint: ANA });
  await assertPage(page, '/login');
  assert.equal(await page.locator('#identifier').inputValue(), ANA);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'password');
}));

test('prompt=login shows who is signed in and asks for the password only', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  const before = await detail(page);
  await start(page, autotalk, { prompt: 'login' });
  await assertPage(page, '/login');
  assert.equal(await page.locator('#identifier').inputValue(), ANA);
  assert.equal(await page.locator('#identifier').isEditable(), false);
  assert.ok(await page.getByRole('link', { name: 'Not you? Use another account' }).isVisible());
  await page.locator('#password').fill(PASSWORD);
  await page.locator('#login-submit').click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  assert.ok((await detail(page)).auth_time >= before.auth_time);
}));

test('a password can be looked at, and is sent as a password all the same', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await fillIn(page);
  const show = page.getByRole('button', { name: 'Show password' });
  const type = () => page.locator('#password').getAttribute('type');
  assert.deepEqual([await type(), await show.getAttribute('aria-pressed')], ['password', 'false']);
  await show.click();
  assert.deepEqual([await type(), await show.getAttribute('aria-pressed')], ['text', 'true']);
  await show.click();
  assert.deepEqual([await type(), await show.getAttribute('aria-pressed')], ['password', 'false']);
  await show.click();
  await page.evaluate(() => document.forms[0].addEventListener('submit', () => console.info(`type=${document.querySelector('#password').type}`)));
  const sent = page.waitForEvent('console', (message) => message.text().startsWith('type='));
  await page.locator('#login-submit').click();
  assert.equal((await sent).text(), 'type=password');
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('without JavaScript there is no button that does nothing', () => withContext({ javaScriptEnabled: false }, async (context, page) => {
  await page.goto(`${issuer}/login`);
  assert.equal(await page.locator('button.show').isVisible(), false);
}));

test('a double click signs in once', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await fillIn(page);
  const posts = [];
  page.on('request', (request) => { if (request.method() === 'POST') posts.push(request.url()); });
  await page.locator('#login-submit').dblclick();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  assert.equal(posts.length, 1);
}));

test('language links keep the request, and the choice stays', () => withContext({}, async (context, page) => {
  await start(page, ticketing);
  await page.getByRole('link', { name: 'Español' }).click();
  await page.locator('html[lang="es"]').waitFor();
  await logIn(page, ANA, 'wrong wrong wrong wrong');
  await page.getByRole('alert').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'es');
  await page.getByRole('link', { name: /Português/ }).click();
  await page.locator('html[lang="pt-BR"]').waitFor();
  await logIn(page);
  await page.locator('#consent-deny').click();
  await assertResult(page, ticketing, 'access_denied');
}));

test('ui_locales is followed', () => withContext({}, async (context, page) => {
  await start(page, autotalk, { ui_locales: 'fr es' });
  assert.equal(await page.locator('html').getAttribute('lang'), 'es');
}));

test('a form that another site sends is refused', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await page.goto(`${autotalk.origin}/attack?target=${encodeURIComponent(`${issuer}/login`)}`);
  const [response] = await Promise.all([page.waitForResponse(`${issuer}/login`), page.locator('#go').click()]);
  assert.equal(response.status(), 403);
  assert.equal(await page.locator('h1').innerText(), 'This form could not be accepted');
}));

test('a login without an application ends at My Account', () => withContext({}, async (context, page) => {
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login', 'Log in');
  await logIn(page);
  await assertPage(page, '/account', 'My Account');
  assert.match(await page.locator('main').innerText(), /Ana Lima[\s\S]*ana@example\.test/);
}));
