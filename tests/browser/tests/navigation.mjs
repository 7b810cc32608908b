// Refresh, back, two tabs, two applications at once: nobody gets lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertPage, assertResult, detail, heading, logIn, path, start } from '../lib/steps.mjs';
import { ANA, BO, setupLink, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer } = world;

const pages = {
  login: async (page) => { await start(page, autotalk); },
  'login without an application': async (page) => { await page.goto(`${issuer}/login`); },
  consent: async (page) => { await start(page, ticketing, { prompt: 'consent' }); await logIn(page); await assertPage(page, '/consent'); },
  'account choice': async (page) => {
    await start(page, autotalk); await logIn(page); await assertResult(page, autotalk, `signed in: ${ANA}`);
    await start(page, autotalk, { prompt: 'select_account' });
  },
  'login again': async (page) => {
    await start(page, autotalk); await logIn(page); await assertResult(page, autotalk, `signed in: ${ANA}`);
    await start(page, autotalk, { prompt: 'login' });
  },
  account: async (page) => { await page.goto(`${issuer}/login`); await logIn(page); await assertPage(page, '/account'); },
  logout: async (page) => { await page.goto(`${issuer}/login`); await logIn(page); await assertPage(page, '/account'); await page.goto(`${issuer}/logout`); },
  setup: async (page) => { await page.goto(setupLink()); },
  home: async (page) => { await page.goto(`${issuer}/`); },
};

for (const [name, reach] of Object.entries(pages)) {
  test(`a refresh of the page ${name} shows the same page`, () => withContext({}, async (context, page) => {
    await reach(page);
    const before = [path(page), await heading(page)];
    const response = await page.reload();
    assert.equal(response.status(), 200);
    assert.deepEqual([path(page), await heading(page)], before);
  }));
}

test('a refresh after a refused password does no harm', () => withContext({}, async (context, page) => {
  await start(page, autotalk);
  await logIn(page, ANA, 'not the password at all');
  await page.getByRole('alert').waitFor();
  await page.reload();
  await assertPage(page, '/login', 'Log in to continue to AutoTalk');
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('back after the sign-in leads to the application, never to a form', () => withContext({}, async (context, page) => {
  await page.goto(`${autotalk.origin}/`);
  await start(page, autotalk);
  await logIn(page);
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  await page.goBack();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('back after consent leads to the application, never to a form', () => withContext({}, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page);
  await page.locator('#consent-allow').click();
  await assertResult(page, ticketing, `signed in: ${ANA}`);
  await page.goBack();
  await assertResult(page, ticketing, `signed in: ${ANA}`);
}));

test('back from the consent page does not ask for the password again', () => withContext({}, async (context, page) => {
  await start(page, ticketing, { prompt: 'consent' });
  await logIn(page);
  await assertPage(page, '/consent');
  await page.goBack();
  await assertPage(page, '/consent');
}));

test('back after a choice of account leads to the application', () => withContext({}, async (context, page) => {
  await pages['account choice'](page);
  await page.getByRole('button', { name: /Ana Lima/ }).click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
  await page.goBack();
  // The page of a request that was answered by another one may ask again; it must work.
  if (path(page) === '/choose-account') await page.getByRole('button', { name: /Ana Lima/ }).click();
  await assertResult(page, autotalk, `signed in: ${ANA}`);
}));

test('two tabs: who has signed in in one can still send the form of the other', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, autotalk);
  await start(second, autotalk);
  await logIn(first);
  await assertResult(first, autotalk, `signed in: ${ANA}`);
  await logIn(second);
  await assertResult(second, autotalk, `signed in: ${ANA}`);
  assert.notEqual((await detail(first)).state, (await detail(second)).state, 'each its own request');
}));

test('two tabs: a refresh of the other goes straight on', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, autotalk);
  await start(second, autotalk);
  await logIn(first);
  await assertResult(first, autotalk, `signed in: ${ANA}`);
  await second.reload();
  await assertResult(second, autotalk, `signed in: ${ANA}`);
}));

test('two tabs, two people: each application gets who signed in for it', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, autotalk);
  await start(second, autotalk);
  await logIn(first, ANA);
  await assertResult(first, autotalk, `signed in: ${ANA}`);
  await logIn(second, BO);
  await assertResult(second, autotalk, `signed in: ${BO}`);
}));

test('two tabs: a wrong password in the second still leaves a way on', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, autotalk);
  await start(second, autotalk);
  await logIn(first);
  await assertResult(first, autotalk, `signed in: ${ANA}`);
  await logIn(second, ANA, 'not the password at all');
  await second.getByRole('alert').waitFor();
  await logIn(second);
  await assertResult(second, autotalk, `signed in: ${ANA}`);
}));

test('two applications at once, each to its end', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, autotalk);
  await start(second, ticketing, { prompt: 'consent' });
  await logIn(second);
  await assertPage(second, '/consent');
  await logIn(first);
  await assertResult(first, autotalk, `signed in: ${ANA}`);
  await second.locator('#consent-allow').click();
  await assertResult(second, ticketing, `signed in: ${ANA}`);
}));

test('a consent answered after somebody else signed in is not theirs', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, ticketing, { prompt: 'consent' });
  await logIn(first, ANA);
  await assertPage(first, '/consent');
  await second.goto(`${issuer}/logout`);
  await second.locator('#logout-confirm').click();
  await assertPage(second, '/logged-out');
  await second.goto(`${issuer}/login`);
  await logIn(second, BO);
  await assertPage(second, '/account');
  await first.locator('#consent-allow').click();
  await assertPage(first, '/consent');
  assert.match(await first.locator('main').innerText(), /bo@example\.test/);
}));

test('a session that ended while the consent page was open: sign in, and it goes on', () => withContext({}, async (context, first) => {
  const second = await context.newPage();
  await start(first, ticketing, { prompt: 'consent' });
  await logIn(first);
  await assertPage(first, '/consent');
  await second.goto(`${issuer}/logout`);
  await second.locator('#logout-confirm').click();
  await assertPage(second, '/logged-out');
  await first.locator('#consent-allow').click();
  await assertPage(first, '/login');
  await logIn(first);
  if (path(first) === '/consent') await first.locator('#consent-allow').click();
  await assertResult(first, ticketing, `signed in: ${ANA}`);
}));
