// My Account beyond the help pages: addresses, devices, profile, and the end of an account.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { alert, click, confirmIfAsked, fill, link, mail, NEW_PASSWORD, onward, openAccount, status, text } from '../lib/account.mjs';
import { assertPage, assertResult, logIn, start } from '../lib/steps.mjs';
import { BO, inEachWay, PASSWORD, withContext, world } from '../lib/world.mjs';

const { autotalk, ticketing, issuer, servers } = world;
const { hasty } = servers;
const codeOf = ({ body }) => body.match(/^\s*(\d{3} ?\d{3})\s*$/m)[1];
const other = (code) => code.replaceAll(/\d/g, (digit) => (Number(digit) + 1) % 10);

describe('My Account', { concurrency: 3 }, () => {
  inEachWay(test, 'an address is confirmed with the code or the link of the mail', async ({ page, scripts }) => {
    const email = `confirming.${scripts ? 'scripts' : 'plain'}@people.example.test`;
    await servers.main.command(['user', 'add', email, '--password-stdin'], PASSWORD);
    await openAccount(page, email);
    assert.match(await text(page), /Not confirmed/);
    await click(page, 'User Profile');
    await click(page, 'Change email');
    await confirmIfAsked(page);
    await click(page, 'Send a confirmation');
    await assertPage(page, '/email/confirm', 'Check your email');
    const sent = await mail(email, /^Confirm your email/);
    await fill(page, 'Code from the email', other(codeOf(sent)));
    await click(page, 'Confirm');
    assert.match(await alert(page), /That code is not correct\. Check the newest email\./);
    await page.goto(link(sent, '/email/confirm'));
    await assertPage(page, '/email/confirm', 'Confirm your email');
    await page.reload();
    await click(page, 'Confirm');
    await assertPage(page, '/email/confirm', 'Your email is confirmed');
    await click(page, 'My Account');
    assert.doesNotMatch(await text(page), /Not confirmed/);
    await page.goto(link(sent, '/email/confirm'));
    assert.match(await text(page), /This link has already been used/);
  });

  inEachWay(test, 'the address changes once the new one has confirmed it; both are told', async ({ page, person, scripts }) => {
    const [email, fresh] = [person('moving'), `moved.${scripts ? 'scripts' : 'plain'}@people.example.test`];
    await openAccount(page, email);
    await page.goto(`${issuer}/account/profile`);
    await click(page, 'Change email');
    await confirmIfAsked(page);
    await fill(page, 'New email', email);
    await click(page, 'Confirm');
    assert.match(await alert(page), /This is the address you already have\./);
    await fill(page, 'New email', fresh);
    await click(page, 'Confirm');
    await assertPage(page, '/email/confirm', 'Check your email');
    await mail(email, /email is about to change/);
    await page.goto(`${issuer}/account`);
    assert.ok((await text(page)).includes(email), 'nothing changes before');
    await page.goto(link(await mail(fresh, /^Confirm your email/), '/email/confirm'));
    await assertPage(page, '/email/confirm', 'Change your email');
    await click(page, 'Confirm');
    await assertPage(page, '/email/confirm', 'Your email is confirmed');
    await mail(email, /email was changed/);
    await page.goto(`${issuer}/account`);
    if (new URL(page.url()).pathname === '/login') await onward(page, () => logIn(page, fresh));
    assert.ok((await text(page)).includes(fresh));
    await click(page, 'Log out');
    await openAccount(page, email);
    assert.match(await alert(page), /The email or password is not correct\./);
    await openAccount(page, fresh);
    await assertPage(page, '/account', 'My Account');
  });

  inEachWay(test, 'a profile is saved, and mistakes are named', async ({ page, person }) => {
    await openAccount(page, person('profile'));
    await click(page, 'User Profile');
    await fill(page, 'Nickname', 'Kiki');
    await fill(page, 'Your website', 'none of these');
    await click(page, 'Save');
    assert.match(await alert(page), /Enter a web address that starts with https:\/\//);
    assert.equal(await page.getByLabel('Nickname').inputValue(), 'Kiki');
    await fill(page, 'Your website', 'https://kiki.example/');
    await page.getByRole('combobox', { name: 'Language' }).selectOption('es');
    await click(page, 'Save');
    await page.locator('html[lang=es]').waitFor();
    assert.match(await status(page), /perfil/);
  });

  inEachWay(test, 'other devices are logged out, one by one or all', async ({ page, options, person }) => {
    const email = person('devices');
    await openAccount(page, email);
    await withContext(options, (context, second) => withContext(options, async (another, third) => {
      await openAccount(second, email);
      await openAccount(third, email);
      await click(page, 'Devices and sessions');
      assert.equal(await page.locator('.items > li').count(), 3);
      await onward(page, () => page.getByRole('button', { name: /^Log out Chrom/ }).first().click());
      await confirmIfAsked(page);
      assert.match(await status(page), /That device has been logged out\./);
      assert.equal(await page.locator('.items > li').count(), 2);
      await click(page, 'Log out all other devices');
      assert.match(await status(page), /All other devices have been logged out\./);
      for (const elsewhere of [second, third]) {
        await elsewhere.goto(`${issuer}/account`);
        await assertPage(elsewhere, '/login');
      }
    }));
    await page.goto(`${issuer}/account`);
    await assertPage(page, '/account');
  });

  inEachWay(test, 'an account is deleted: applications are told, the mail’s link takes it back', async ({ page, person }) => {
    const email = person('leaving');
    await start(page, autotalk);
    await onward(page, () => logIn(page, email));
    await assertResult(page, autotalk, `signed in: ${email}`);
    const { sid } = JSON.parse(await page.locator('#detail').innerText());
    await page.goto(`${issuer}/account`);
    await onward(page, () => page.getByRole('link', { name: /^Delete account/ }).click());
    await confirmIfAsked(page);
    await click(page, 'Keep my account');
    await assertPage(page, '/account', 'My Account');
    await page.goto(`${issuer}/account/delete`);
    await click(page, 'Delete my account');
    await assertPage(page, '/account/delete/done', 'Your account is closed');
    await autotalk.toldOf(sid);
    await openAccount(page, email);
    assert.match(await alert(page), /The email or password is not correct\./);
    const to = link(await mail(email, /account will be deleted/), '/account/delete/cancel');
    await page.goto(to);
    await assertPage(page, '/account/delete/cancel', 'Keep your account?');
    await page.reload();
    await click(page, 'Keep my account');
    await assertPage(page, '/account/delete/cancel', 'Your account stays');
    await mail(email, /account stays/);
    await page.goto(to);
    // Used once more it says the same, and changes nothing.
    await assertPage(page, '/account/delete/cancel', 'Your account stays');
    await openAccount(page, email);
    await assertPage(page, '/account', 'My Account');
  });

  inEachWay(test, 'somebody makes an account on the way to an application, and arrives there', async ({ page, scripts }) => {
    const email = `joining.${scripts ? 'scripts' : 'plain'}@people.example.test`;
    await start(page, ticketing, { prompt: 'create' }, hasty);
    await assertPage(page, '/sign-up', 'Create an account to continue to Ticketing');
    await page.goto(`${hasty.origin}/sign-up`);
    await fill(page, 'Email', email);
    await click(page, 'Continue');
    await assertPage(page, '/sign-up/sent');
    await fill(page, 'Code from the email', codeOf(await mail(email, /./, 1, hasty)));
    await click(page, 'Continue');
    await assertPage(page, '/sign-up/finish', 'Create your account');
    await fill(page, 'Full name', 'Joana Pires');
    await fill(page, 'New password', NEW_PASSWORD);
    await fill(page, 'Confirm new password', NEW_PASSWORD);
    await click(page, 'Create account');
    assert.match(await status(page), /Your account is ready\./);
    await onward(page, () => logIn(page, email, NEW_PASSWORD));
    await assertPage(page, '/account', 'My Account');
  });

  inEachWay(test, 'what is kept about a person can be downloaded', async ({ page, scripts }) => {
    await openAccount(page, BO);
    await onward(page, () => page.getByRole('link', { name: /^Download my data/ }).click());
    await confirmIfAsked(page);
    await assertPage(page, '/account/data', 'Download my data');
    if (!scripts) return;
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download' }).click()]);
    assert.match(download.suggestedFilename(), /\.json$/);
  });
});
