// T8 and T10 of the help pages: leaving, and what looks unfamiliar.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alert, choosePassword, click, confirmIfAsked, enroll, fill, link, mail, NEW_PASSWORD, onward, openAccount, status, text } from '../lib/account.mjs';
import { assertPage, assertResult, detail, heading, logIn, path, start } from '../lib/steps.mjs';
import { ANA, CHIEF, inEachWay, PASSWORD, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer, servers } = world;
const BACKCHANNEL = 'http://schemas.openid.net/event/backchannel-logout';

/** From a mail about the account to a secured account; the session of `page` is over. */
async function notMe(page, elsewhere, email) {
  const to = link(await mail(email, /password was changed/), '/not-me');
  await elsewhere.goto(to);
  await assertPage(elsewhere, '/not-me', 'This wasn’t you?');
  await elsewhere.reload();
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/account', 'My Account');
  await click(elsewhere, 'Secure my account');
  await assertPage(elsewhere, '/not-me', 'Your account is secured');
  await page.goto(`${issuer}/account`);
  await assertPage(page, '/login');
  return to;
}

async function changePassword(page) {
  await click(page, 'Change password');
  await confirmIfAsked(page);
  await choosePassword(page, NEW_PASSWORD);
  assert.match(await status(page), /Your password has been changed\./);
}

describe('leaving and looking', { concurrency: 3 }, () => {
  inEachWay(test, 'T8: My Account, Log out: back at the login screen, and every application is told', async ({ page, context, person }) => {
    const email = person('t8');
    await start(page, autotalk);
    await onward(page, () => logIn(page, email));
    await assertResult(page, autotalk, `signed in: ${email}`);
    const first = await detail(page);
    await start(page, ticketing);
    await page.locator('#consent-allow').click();
    await assertResult(page, ticketing, `signed in: ${email}`);
    const second = await detail(page);
    await page.goto(`${issuer}/account`);
    await click(page, 'Log out');
    await assertPage(page, '/login', 'Log in');
    assert.equal(await status(page), 'You have logged out');
    for (const [application, claims] of [[autotalk, first], [ticketing, second]]) {
      const notice = await application.toldOf(claims.sid);
      assert.equal(notice.iss, issuer);
      assert.deepEqual([notice.aud].flat(), [application.id]);
      assert.deepEqual(notice.events, { [BACKCHANNEL]: {} });
      assert.equal(notice.nonce, undefined);
      await start(page, application, { prompt: 'none' });
      await assertResult(page, application, 'login_required');
    }
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/login');
    assert.ok(!(await context.cookies(issuer)).some(({ name }) => name.endsWith('session')), 'no session is left on a shared computer');
  });

  inEachWay(test, 'T10: something looks unfamiliar: Activity, and notify your account administrator', async ({ page, person }) => {
    const email = person('t10');
    await openAccount(page, email);
    await click(page, 'Activity');
    await assertPage(page, '/account/activity', 'Activity');
    assert.match(await text(page), /change your password at once and notify your account administrator\./);
    assert.match(await text(page), /Logged in[\s\S]*Chrom[\s\S]*127\.0\.0\.1/);
    await onward(page, () => page.getByRole('button', { name: /^This wasn’t me/ }).first().click());
    await assertPage(page, '/not-me', 'This wasn’t you?');
    await page.goBack();
    await fill(page, 'What looked wrong? (optional)', 'long '.repeat(200));
    await click(page, 'Notify account administrator');
    assert.match(await alert(page), /Use at most 500 characters/);
    await fill(page, 'What looked wrong? (optional)', 'A login at night that I do not know.');
    await click(page, 'Notify account administrator');
    await assertPage(page, '/account/activity');
    assert.match(await status(page), /The account administrator has been notified\./);
    const { body } = await mail(ANA, /reported suspicious activity/, 1, servers.main, (one) => one.body.includes(email));
    assert.match(body, /A login at night that I do not know\./);
    assert.match(body, /127\.0\.0\.1/);
  });

  inEachWay(test, 'T10: where there is an organisation, its administrators are told', async ({ page, person }) => {
    const email = person('member-t10');
    await openAccount(page, email);
    await assertPage(page, '/login/enroll');
    await enroll(page);
    await assertPage(page, '/account');
    await click(page, 'Activity');
    await page.getByLabel('Log out of all other devices').check();
    await click(page, 'Notify account administrator');
    assert.match(await status(page), /The account administrator has been notified\./);
    await mail(CHIEF, /reported suspicious activity/, 1, servers.main, (one) => one.body.includes(email));
  });

  inEachWay(test, 'T10: “This wasn’t me” in a mail ends sessions and starts the reset', async ({ page, options, person }) => {
    const email = person('t10-again');
    await openAccount(page, email);
    await changePassword(page);
    await withContext(options, async (other, elsewhere) => {
      const to = await notMe(page, elsewhere, email);
      await onward(page, () => logIn(page, email, NEW_PASSWORD));
      assert.equal(path(page), '/login', 'the password stopped working');
      await mail(email, /account was secured/);
      await mail(ANA, /reported suspicious activity|secured/, 1, servers.main, (one) => one.body.includes(email));
      await elsewhere.goto(link(await mail(email, /^Reset your/), '/password/reset/finish'));
      await choosePassword(elsewhere, 'eleven copper whistles sing');
      await assertPage(elsewhere, '/login');
      await onward(elsewhere, () => logIn(elsewhere, email, 'eleven copper whistles sing'));
      await assertPage(elsewhere, '/account', 'My Account');
      await elsewhere.goto(to);
      assert.equal(await heading(elsewhere), 'This was done before');
    });
  });

  inEachWay(test, 'T10: until the new password is chosen by mail, nothing about the security of the account changes', async ({ page, options, person }) => {
    const email = person('frozen');
    await openAccount(page, email);
    await changePassword(page);
    await withContext(options, async (other, elsewhere) => notMe(page, elsewhere, email));
    // The support desk lets the person in, who has still not read their mail.
    await servers.main.command(['user', 'set-password', email, '--password-stdin'], PASSWORD);
    await onward(page, () => logIn(page, email, PASSWORD));
    await assertPage(page, '/account', 'My Account');
    assert.match(await text(page), /Until you choose a new password by email, nothing about the security of this account can be changed\./);
    for (const [where, button] of [['password', 'Save'], ['email', 'Confirm']]) {
      await page.goto(`${issuer}/account/${where}`);
      assert.match(await text(page), /Until you choose a new password by email/);
      assert.equal(await page.getByRole('button', { name: button, exact: true }).count(), 0, where);
    }
    await page.goto(`${issuer}/account/authentication`);
    await click(page, 'Reset your password');
    await assertPage(page, '/password/reset');
    await fill(page, 'Email', email);
    await click(page, 'Send link');
    await page.goto(link(await mail(email, /^Reset your/, 2), '/password/reset/finish'));
    await choosePassword(page, 'eleven copper whistles sing');
    await onward(page, () => logIn(page, email, 'eleven copper whistles sing'));
    assert.doesNotMatch(await text(page), /Until you choose/);
  });
});
