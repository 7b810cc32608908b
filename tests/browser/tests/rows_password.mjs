// T1, T2 and T9 of the help pages: passwords.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alert, authenticationTab, choosePassword, click, confirmIfAsked, enable, fill, link, mail, NEW_PASSWORD, onward, openAccount, status, text, verify } from '../lib/account.mjs';
import { assertPage, assertResult, logIn, path, start } from '../lib/steps.mjs';
import { ANA, inEachWay, PASSWORD, withContext, world } from '../lib/world.mjs';

const { autotalk, issuer, servers } = world;

/** From the application's login page to the mail. */
async function forget(page, email) {
  await start(page, autotalk);
  await click(page, 'Forgot your password?');
  await fill(page, 'Email', email);
  await click(page, 'Send link');
  await assertPage(page, '/password/reset/sent', 'Check your email');
  return mail(email, /^Reset your/);
}

/** The answer to an address that may have an account or not. */
async function forgetAtDesk(page, email) {
  await page.goto(`${issuer}/login`);
  await click(page, 'Forgot your password?');
  await fill(page, 'Email', email);
  await click(page, 'Send link');
  await assertPage(page, '/password/reset/sent', 'Check your email');
  return (await text(page)).replaceAll(email, 'ADDRESS');
}

describe('passwords', { concurrency: 3 }, () => {
  inEachWay(test, 'T1: My Account, Change password, new password typed twice, Save: effective at once', async ({ page, options, person }) => {
    const email = person('t1');
    await openAccount(page, email);
    await withContext(options, async (other, elsewhere) => {
      await openAccount(elsewhere, email);
      await assertPage(elsewhere, '/account');
      await click(page, 'Change password');
      await confirmIfAsked(page);
      assert.match(await text(page), /Your new password takes effect immediately\./);
      assert.ok(await page.getByLabel('Log out of all other devices').isChecked());
      await choosePassword(page, NEW_PASSWORD, `${NEW_PASSWORD}s`);
      assert.match(await alert(page), /The two passwords do not match\./);
      await choosePassword(page, NEW_PASSWORD);
      assert.match(await status(page), /Your password has been changed\. It takes effect immediately\./);
      await elsewhere.goto(`${issuer}/account`);
      await assertPage(elsewhere, '/login');
      await onward(elsewhere, () => logIn(elsewhere, email, PASSWORD));
      assert.match(await alert(elsewhere), /The email or password is not correct\./);
      await onward(elsewhere, () => logIn(elsewhere, email, NEW_PASSWORD));
      await assertPage(elsewhere, '/account', 'My Account');
    });
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/account', 'My Account');
    await mail(email, /password was changed/);
  });

  inEachWay(test, 'T2: forgotten password: the reset option on the login screen, and a link to the registered address', async ({ page, person }) => {
    const email = person('t2');
    await openAccount(page, email);
    await authenticationTab(page);
    const phone = await enable(page);
    await click(page, 'Log out');
    const to = link(await forget(page, email), '/password/reset/finish');
    await page.goto(to);
    await assertPage(page, '/password/reset/finish', 'Choose a new password');
    await page.goto(to);
    assert.match(await text(page), /After that you can log in to continue to AutoTalk\./, 'looking at a link uses nothing up');
    await choosePassword(page, NEW_PASSWORD);
    await assertPage(page, '/login');
    assert.match(await status(page), /Password changed\. Log in to continue to AutoTalk\./);
    await onward(page, () => logIn(page, email, PASSWORD));
    assert.match(await alert(page), /The email or password is not correct\./);
    await onward(page, () => logIn(page, email, NEW_PASSWORD));
    await assertPage(page, '/login/code');
    await verify(page, await phone.code());
    await assertResult(page, autotalk, `signed in: ${email}`);
    await page.goto(to);
    assert.match(await text(page), /This link has already been used/);
    await click(page, 'Send a new link');
    await assertPage(page, '/password/reset/sent', 'Check your email');
  });

  inEachWay(test, 'T2: the code of the mail does as well, and the link in another browser', async ({ page, options, person }) => {
    const email = person('t2-code');
    const { body } = await forget(page, email);
    const [code] = body.match(/^\s*(\d{3} ?\d{3})\s*$/m);
    await fill(page, 'Code from the email', code.replaceAll(/\d/g, (digit) => (Number(digit) + 1) % 10));
    await click(page, 'Continue');
    assert.match(await alert(page), /That code is not correct\. Check the newest email\./);
    await fill(page, 'Code from the email', code);
    await click(page, 'Continue');
    await assertPage(page, '/password/reset/finish', 'Choose a new password');
    await choosePassword(page, NEW_PASSWORD);
    await onward(page, () => logIn(page, email, NEW_PASSWORD));
    await assertResult(page, autotalk, `signed in: ${email}`);
    await page.goto(`${autotalk.origin}/`);
    await page.context().clearCookies();
    await forget(page, email);
    const to = link(await mail(email, /^Reset your/, 2), '/password/reset/finish');
    await withContext(options, async (other, elsewhere) => {
      await elsewhere.goto(to);
      await choosePassword(elsewhere, 'eleven copper whistles sing');
      assert.match(await status(elsewhere), /Password changed\. Log in to continue to AutoTalk\./);
    });
    await start(page, autotalk);
    await onward(page, () => logIn(page, email, 'eleven copper whistles sing'));
    await assertResult(page, autotalk, `signed in: ${email}`);
  });

  inEachWay(test, 'T2: an address without an account gets the same answer', async ({ page }) => {
    assert.equal(await forgetAtDesk(page, ANA), await forgetAtDesk(page, 'nobody@example.test'));
  });

  inEachWay(test, 'T2: a link that is too old says so before a password is typed, and offers another', async ({ page }) => {
    await page.goto(`${servers.strict.origin}/password/reset`);
    await fill(page, 'Email', ANA);
    await click(page, 'Send link');
    const to = link(await mail(ANA, /^Reset your/, 1, servers.strict), '/password/reset/finish');
    const isOver = async () => (await page.locator('h1').innerText()) === 'This link has expired';
    for (await page.goto(to); !(await isOver()); await page.goto(to)) await page.waitForTimeout(300);
    assert.equal(await page.getByLabel('New password', { exact: true }).count(), 0);
    await click(page, 'Send a new link');
    await assertPage(page, '/password/reset/sent', 'Check your email');
  });

  inEachWay(test, 'T9: a unique password: a common one is refused, and the reason is told', async ({ page, person }) => {
    await openAccount(page, person('t9'));
    await click(page, 'Change password');
    await confirmIfAsked(page);
    for (const [password, reason] of [
      ['passwordpassword', /easy to guess|Many people use this password|repeats/],
      ['1234567890123456', /Many people use this password|neighbouring characters|easy to guess/],
      ['short', /Use at least \d+ characters\. You typed 5\./],
      [PASSWORD, /That is the password you already have\./],
    ]) {
      await choosePassword(page, password);
      assert.match(await alert(page), reason, password);
    }
    assert.equal(path(page), '/account/password');
  });

  inEachWay(test, 'T9: everybody has their own account: an administrator invites somebody', async ({ page, scripts }) => {
    const email = `invited.${scripts ? 'scripts' : 'plain'}@people.example.test`;
    await servers.main.command(['user', 'invite', email, '--name', 'Iva Reis', '--organization', 'staff']);
    const to = link(await mail(email, /invited/), '/invitation');
    await page.goto(to);
    await assertPage(page, '/invitation', 'Create your account at Acme Staff');
    assert.equal(await page.getByLabel('Full name').inputValue(), 'Iva Reis');
    await fill(page, 'New password', NEW_PASSWORD);
    await fill(page, 'Confirm new password', 'another one');
    await click(page, 'Create account');
    assert.match(await alert(page), /The two passwords do not match\./);
    await fill(page, 'New password', NEW_PASSWORD);
    await fill(page, 'Confirm new password', NEW_PASSWORD);
    await click(page, 'Create account');
    await assertPage(page, '/login');
    assert.match(await status(page), /Your account is ready\./);
    await onward(page, () => logIn(page, email, NEW_PASSWORD));
    await assertPage(page, '/login/enroll', 'Set up two-factor authentication');
    assert.match(await text(page), /Your organisation asks for a second factor\./);
    await page.goto(to);
    assert.match(await text(page), /This account has been created/);
  });
});
