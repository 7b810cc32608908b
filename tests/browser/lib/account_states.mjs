// Every page of My Account, of the second factor and behind the links of mails, in every state it can have, and how a person gets there.
// States of one `chain` share an account or a link, and come one after the other.
import { authenticationTab, choosePassword, click, confirmIfAsked, enable, fill, link, mail, onward, openAccount, openAccountWithCode, scan, untilAsked } from './account.mjs';
import { addFirstPasskey, Authenticator, openPasskeys, passwordAlone } from './passkeys.mjs';
import { sleep } from './server.mjs';
import { assertPage, logIn, path, start } from './steps.mjs';
import { ANA, BO, PASSWORD, person, world } from './world.mjs';

const { autotalk, ticketing, issuer, servers } = world;
const SECURED = person('page');
const LOST = person('page-lost');
const MEMBER = person('page-member');

/** Signed in, and on this page of My Account. */
async function inAccount(page, where, email = BO) {
  await openAccount(page, email);
  await page.goto(`${issuer}${where}`);
  await confirmIfAsked(page);
  await assertPage(page, where.replace(/[?#].*/, ''));
}

/** At the question for the password, which comes once a sign-in is no longer fresh. */
async function confirming(page) {
  await page.goto(`${servers.hasty.origin}/account`);
  await onward(page, () => logIn(page, BO));
  await untilAsked(page, `${servers.hasty.origin}/account/password`);
}

/** The account with an authenticator app: it is set up by the first page that needs it. */
let phone;
async function secured(page, where) {
  if (phone) await openAccountWithCode(page, SECURED, phone);
  else {
    await inAccount(page, '/account/authentication', SECURED);
    phone = await enable(page);
  }
  await page.goto(`${issuer}${where}`);
  await confirmIfAsked(page, { phone });
}

/** At the question for a second factor. */
async function halfway(page, context) {
  if (!phone) await secured(page, '/account');
  await context.clearCookies();
  await start(page, autotalk);
  await onward(page, () => logIn(page, SECURED));
  await assertPage(page, '/login/code');
}

async function wrongly(page, label, value, submit) {
  await fill(page, label, value);
  await click(page, submit);
  await page.getByRole('alert').waitFor();
}

async function enrolling(page) {
  await inAccount(page, '/account/authentication');
  await click(page, 'Enable two-factor authentication');
  await confirmIfAsked(page);
}

/** On the way to an application, where the organisation requires a second factor. */
async function required(page) {
  await start(page, autotalk);
  await onward(page, () => logIn(page, MEMBER));
  await assertPage(page, '/login/enroll');
}

async function forgotten(page, email = 'nobody@example.test') {
  await page.goto(`${issuer}/password/reset`);
  await fill(page, 'Email', email);
  await click(page, 'Send link');
  await assertPage(page, '/password/reset/sent');
}

/** The link to a new password: asked for once, used by the last page that needs it. */
let reset;
async function finishing(page) {
  if (!reset) {
    await forgotten(page, LOST);
    reset = link(await mail(LOST, /^Reset your/), '/password/reset/finish');
  }
  await page.goto(reset);
}

const notMe = async (page) => page.goto(link(await mail(LOST, /password was changed/), '/not-me'));

/** Codes by email, asked for at a login. */
async function mailedCode(page, context) {
  const email = person('page-email');
  await openAccount(page, email);
  if (path(page) === '/login/email-code') return;
  await page.goto(`${issuer}/account/authentication`);
  await page.getByLabel('Receive one-time password via email').check();
  await click(page, 'Save');
  await confirmIfAsked(page);
  await context.clearCookies();
  await openAccount(page, email);
  await assertPage(page, '/login/email-code');
}

/** A device that is trusted, listed. */
async function trusting(page) {
  const email = person('page-trusted');
  await openAccount(page, email);
  await authenticationTab(page);
  const app = await enable(page);
  await click(page, 'Log out');
  await openAccount(page, email);
  await page.locator('#trust').check();
  await fill(page, 'Verification code', await app.code());
  await click(page, 'Verify');
  await page.goto(`${issuer}/account/authentication`);
}

/** Five wrong codes, and a sixth. */
async function guessing(page) {
  const email = person('page-blocked');
  if (!guessing.done) {
    await openAccount(page, email);
    await authenticationTab(page);
    await enable(page);
    await click(page, 'Log out');
  }
  guessing.done = true;
  await openAccount(page, email);
  while (path(page) === '/login/code' && !/Too many/.test(await page.locator('main').innerText())) {
    await fill(page, 'Verification code', '000000');
    await click(page, 'Verify');
  }
}

let moving;
async function movingTo(page) {
  if (!moving) {
    await inAccount(page, '/account/email', person('page-moving'));
    await fill(page, 'New email', 'page-moved@people.example.test');
    await click(page, 'Confirm');
    moving = link(await mail('page-moved@people.example.test', /^Confirm your email/), '/email/confirm');
  }
  return moving;
}

/** The link in a browser in which the person it is for is signed in. */
async function moveOn(page) {
  const known = moving !== undefined;
  const to = await movingTo(page);
  if (known) await openAccount(page, person('page-moving'));
  await page.goto(to);
}

const invitations = new Map();
async function invited(page, email, more = []) {
  if (!invitations.has(email)) {
    await servers.main.command(['user', 'invite', email, ...more]);
    invitations.set(email, link(await mail(email, /invited|invitación/), '/invitation'));
  }
  await page.goto(invitations.get(email));
}

let leaving;
async function left(page) {
  await inAccount(page, '/account/delete', person('page-leaving'));
  await click(page, 'Delete my account');
  leaving = link(await mail(person('page-leaving'), /will be deleted/), '/account/delete/cancel');
}

/** The pages with the most words, in the other languages. */
const translated = ['es', 'pt-BR'].flatMap((locale) => [
  '/account', '/account/password', '/account/profile', '/account/sessions', '/account/activity', '/account/authentication', '/account/authentication/totp', '/account/delete', '/account/email',
].map((where) => ({
  name: `${where.slice(1).replaceAll('/', '-')}-${locale}`,
  options: { locale },
  rules: false,
  reach: (page) => openAccount(page, BO).then(() => page.goto(`${issuer}${where}`)),
})));

const account = [
  { name: 'account-verified', reach: (page) => openAccount(page, ANA) },
  { name: 'account-confirm', reach: confirming },
  { name: 'account-confirm-wrong', async reach(page) { await confirming(page); await wrongly(page, 'Password', 'not the password at all', 'Confirm'); } },
  { name: 'account-confirm-missing', async reach(page) { await confirming(page); await wrongly(page, 'Password', '', 'Confirm'); } },
  { name: 'account-profile', reach: (page) => inAccount(page, '/account/profile') },
  { name: 'account-profile-saved', async reach(page) { await inAccount(page, '/account/profile'); await fill(page, 'Nickname', 'Bo'); await click(page, 'Save'); } },
  {
    name: 'account-profile-refused',
    async reach(page) {
      await inAccount(page, '/account/profile');
      for (const label of ['Phone number', 'Address of a picture of you', 'Your website']) await fill(page, label, 'none of these');
      await wrongly(page, 'Full name', 'long'.repeat(60), 'Save');
    },
  },
  { name: 'account-password', reach: (page) => inAccount(page, '/account/password') },
  { name: 'account-password-common', async reach(page) { await inAccount(page, '/account/password'); await choosePassword(page, 'passwordpassword'); } },
  { name: 'account-password-mismatch', async reach(page) { await inAccount(page, '/account/password'); await choosePassword(page, 'seven quiet lanterns drift', 'seven'); } },
  { name: 'account-password-missing', async reach(page) { await inAccount(page, '/account/password'); await choosePassword(page, ''); } },
  { name: 'account-sessions', reach: (page) => inAccount(page, '/account/sessions') },
  { name: 'account-sessions-only-this', reach: (page) => inAccount(page, '/account/sessions', person('page-activity')) },
  { name: 'account-applications-none', reach: (page) => inAccount(page, '/account/applications', person('page-activity')) },
  {
    name: 'account-applications',
    async reach(page) {
      await start(page, ticketing, { prompt: 'consent' });
      await logIn(page, BO);
      await page.locator('#consent-allow').click();
      await page.locator('#result').waitFor();
      await page.goto(`${issuer}/account/applications`);
      await assertPage(page, '/account/applications');
    },
  },
  { name: 'account-activity', reach: (page) => inAccount(page, '/account/activity') },
  { name: 'account-activity-too-long', async reach(page) { await inAccount(page, '/account/activity', person('page-activity')); await wrongly(page, 'What looked wrong? (optional)', 'long '.repeat(200), 'Notify account administrator'); } },
  { name: 'account-activity-notified', async reach(page) { await inAccount(page, '/account/activity', person('page-activity')); await click(page, 'Notify account administrator'); } },
  { name: 'account-data', reach: (page) => inAccount(page, '/account/data') },
  { name: 'account-delete', reach: (page) => inAccount(page, '/account/delete') },
  { name: 'account-delete-refused', async reach(page) { await inAccount(page, '/account/delete', ANA); await click(page, 'Delete my account'); } },
  { name: 'account-delete-done', chain: 'leaving', reach: left },
  { name: 'account-delete-cancel', chain: 'leaving', reach: (page) => page.goto(leaving) },
  { name: 'account-delete-kept', chain: 'leaving', async reach(page) { await page.goto(leaving); await click(page, 'Keep my account'); } },
  { name: 'account-delete-over', chain: 'leaving', reach: (page) => page.goto(leaving) },
  { name: 'account-email', reach: (page) => inAccount(page, '/account/email') },
  { name: 'account-email-refused', async reach(page) { await inAccount(page, '/account/email'); await wrongly(page, 'New email', 'nothing', 'Confirm'); } },
  { name: 'email-confirm-code', chain: 'moving', async reach(page) { await movingTo(page); } },
  { name: 'email-confirm-stranger', chain: 'moving', async reach(page, context) { const to = await movingTo(page); await context.clearCookies(); await page.goto(to); } },
  { name: 'email-confirm-change', chain: 'moving', reach: moveOn },
  { name: 'email-confirm-done', chain: 'moving', async reach(page) { await moveOn(page); await click(page, 'Confirm'); } },
  { name: 'email-confirm-used', chain: 'moving', async reach(page) { await page.goto(await movingTo(page)); } },
  {
    name: 'email-confirm-code-wrong',
    async reach(page) { await inAccount(page, '/account/email'); await click(page, 'Send a confirmation'); await wrongly(page, 'Code from the email', '12', 'Confirm'); },
  },
  { name: 'email-confirm-dead', reach: (page) => page.goto(`${issuer}/email/confirm?token=x`) },
];

const secondFactor = [
  { name: 'authentication', reach: (page) => inAccount(page, '/account/authentication') },
  { name: 'totp', reach: enrolling },
  { name: 'totp-wrong', async reach(page) { await enrolling(page); await wrongly(page, 'Verification code', '000000', 'Verify and enable'); } },
  { name: 'totp-format', async reach(page) { await enrolling(page); await wrongly(page, 'Verification code', '12', 'Verify and enable'); } },
  {
    name: 'recovery-codes',
    async reach(page) {
      await inAccount(page, '/account/authentication', person('page-codes'));
      await click(page, 'Enable two-factor authentication');
      await confirmIfAsked(page);
      const other = await scan(page);
      await fill(page, 'Verification code', await other.code());
      await click(page, 'Verify and enable');
      await page.locator('#recovery-codes').waitFor();
    },
  },
  { name: 'authentication-trusted', reach: trusting },
  { name: 'authentication-on', chain: 'secured', reach: (page) => secured(page, '/account/authentication') },
  { name: 'recovery-codes-left', chain: 'secured', reach: (page) => secured(page, '/account/authentication/recovery-codes') },
  { name: 'authentication-code', chain: 'secured', async reach(page) { await secured(page, '/account'); await page.goto(`${issuer}/account/authentication/code?then=totp`); } },
  { name: 'authentication-code-wrong', chain: 'secured', async reach(page) { await secured(page, '/account'); await page.goto(`${issuer}/account/authentication/code?then=totp`); if (path(page).endsWith('/code')) await wrongly(page, 'Verification code', '12', 'Verify'); } },
  { name: 'totp-replaces', chain: 'secured', async reach(page) { await secured(page, '/account/authentication'); await click(page, 'Request New QR code'); await confirmIfAsked(page, { phone }); } },
  { name: 'disable', chain: 'secured', reach: (page) => secured(page, '/account/authentication/disable') },
  { name: 'login-code', chain: 'secured', reach: halfway },
  { name: 'login-code-wrong', chain: 'secured', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', '12345', 'Verify'); } },
  { name: 'login-code-used', chain: 'secured', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', await phone.at(phone.used), 'Verify'); } },
  { name: 'login-code-missing', chain: 'secured', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', '', 'Verify'); } },
  { name: 'login-recovery-code', chain: 'secured', async reach(page, context) { await halfway(page, context); await click(page, 'Use a recovery code'); } },
  { name: 'login-recovery-code-wrong', chain: 'secured', async reach(page, context) { await halfway(page, context); await click(page, 'Use a recovery code'); await wrongly(page, 'Recovery code', 'ABCD', 'Verify'); } },
  { name: 'login-code-es', chain: 'secured', options: { locale: 'es' }, async reach(page) { await start(page, autotalk); await onward(page, () => logIn(page, SECURED)); } },
  { name: 'login-code-pt-BR', chain: 'secured', options: { locale: 'pt-BR' }, async reach(page) { await start(page, autotalk); await onward(page, () => logIn(page, SECURED)); } },
  { name: 'login-code-blocked', chain: 'guessing', reach: guessing },
  { name: 'login-code-blocked-again', chain: 'guessing', reach: guessing },
  { name: 'login-email-code', chain: 'mailed', reach: mailedCode },
  { name: 'login-email-code-wrong', chain: 'mailed', async reach(page, context) { await mailedCode(page, context); await wrongly(page, 'Code', '12', 'Verify'); } },
  { name: 'passkeys-none', reach: async (page) => { await openAccount(page, BO); await openPasskeys(page); } },
  { name: 'passkeys-none-es', options: { locale: 'es' }, async reach(page) { await openAccount(page, BO); await page.goto(`${issuer}/account/authentication/passkeys`); } },
  {
    name: 'passkeys',
    async reach(page, context) {
      await Authenticator.of(context, page, { synced: true });
      await addFirstPasskey(page, person('page-passkeys'), 'Uma chave com um nome muito comprido, de 60 letras ao todo');
      await page.locator('summary').click();
    },
  },
  {
    name: 'login-passkey',
    async reach(page, context) {
      const authenticator = await passkeyAsked(page, context);
      await authenticator.verified(false);
      await authenticator.touched(true);
      await page.getByRole('button', { name: 'Use a passkey' }).click();
      await page.getByText('That did not work.').waitFor();
    },
  },
  { name: 'login-enroll', chain: 'required', reach: required },
  { name: 'login-enroll-wrong', chain: 'required', async reach(page) { await required(page); await wrongly(page, 'Verification code', '12', 'Verify and enable'); } },
  { name: 'login-enroll-es', chain: 'required', options: { locale: 'es' }, reach: required },
  {
    name: 'login-recovery-codes', chain: 'required',
    async reach(page) {
      await required(page);
      const app = await scan(page);
      await fill(page, 'Verification code', await app.code());
      await click(page, 'Verify and enable');
      await assertPage(page, '/login/recovery-codes');
    },
  },
  {
    name: 'disable-refused', chain: 'required',
    async reach(page) {
      await start(page, autotalk);
      await onward(page, () => logIn(page, person('page-bound')));
      const app = await scan(page);
      await fill(page, 'Verification code', await app.code());
      await click(page, 'Verify and enable');
      await click(page, 'I have saved them');
      await page.goto(`${issuer}/account/authentication/disable`);
    },
  },
];

const mailed = [
  { name: 'password-reset', reach: (page) => page.goto(`${issuer}/password/reset`) },
  { name: 'password-reset-refused', async reach(page) { await page.goto(`${issuer}/password/reset`); await wrongly(page, 'Email', 'nothing', 'Send link'); } },
  { name: 'password-reset-client', async reach(page) { await start(page, autotalk); await click(page, 'Forgot your password?'); } },
  { name: 'password-reset-sent', reach: (page) => forgotten(page) },
  { name: 'password-reset-sent-wrong', async reach(page) { await forgotten(page); await wrongly(page, 'Code from the email', '12', 'Continue'); } },
  { name: 'password-reset-sent-again', async reach(page) { await forgotten(page); await click(page, 'Send again'); } },
  { name: 'password-reset-finish', chain: 'lost', reach: finishing },
  { name: 'password-reset-finish-common', chain: 'lost', async reach(page) { await finishing(page); await choosePassword(page, 'passwordpassword'); } },
  { name: 'password-reset-finish-mismatch', chain: 'lost', async reach(page) { await finishing(page); await choosePassword(page, 'seven quiet lanterns drift', 'seven'); } },
  { name: 'login-password-reset', chain: 'lost', async reach(page) { await finishing(page); await choosePassword(page, 'seven quiet lanterns drift'); await assertPage(page, '/login'); } },
  { name: 'password-reset-used', chain: 'lost', reach: finishing },
  {
    name: 'password-reset-expired',
    async reach(page) {
      await page.goto(`${servers.strict.origin}/password/reset`);
      await fill(page, 'Email', BO);
      await click(page, 'Send link');
      const to = link(await mail(BO, /^Reset your/, 1, servers.strict), '/password/reset/finish');
      for (await page.goto(to); await page.locator('#new-password').count(); await page.goto(to)) await sleep(300);
    },
  },
  { name: 'password-reset-dead', reach: (page) => page.goto(`${issuer}/password/reset/finish?token=x`) },
  { name: 'not-me', chain: 'lost', async reach(page) { await notMe(page); await assertPage(page, '/not-me'); } },
  { name: 'not-me-done', chain: 'lost', async reach(page) { await notMe(page); await click(page, 'Secure my account'); } },
  { name: 'not-me-used', chain: 'lost', reach: notMe },
  ...['', '/password', '/email', '/authentication'].map((where) => ({
    name: `frozen${where.replace('/', '-')}`,
    chain: 'lost',
    async reach(page) {
      // The support desk gives a password to somebody who has not read their mail.
      if (where === '') await servers.main.command(['user', 'set-password', LOST, '--password-stdin'], PASSWORD);
      await openAccount(page, LOST);
      await page.goto(`${issuer}/account${where}`);
    },
  })),
  { name: 'not-me-dead', reach: (page) => page.goto(`${issuer}/not-me?token=x`) },
  { name: 'sign-up-closed', reach: (page) => page.goto(`${issuer}/sign-up`) },
  { name: 'sign-up', reach: (page) => page.goto(`${servers.hasty.origin}/sign-up`) },
  { name: 'sign-up-client', reach: (page) => start(page, ticketing, { prompt: 'create' }, servers.hasty) },
  { name: 'sign-up-refused', async reach(page) { await page.goto(`${servers.hasty.origin}/sign-up`); await wrongly(page, 'Email', 'nothing', 'Continue'); } },
  { name: 'sign-up-sent', chain: 'joining', async reach(page) { await page.goto(`${servers.hasty.origin}/sign-up`); await fill(page, 'Email', 'new@example.test'); await click(page, 'Continue'); } },
  { name: 'sign-up-finish', chain: 'joining', async reach(page) { await page.goto(link(await mail('new@example.test', /./, 1, servers.hasty), '/sign-up/finish')); } },
  { name: 'invitation', chain: 'invited', reach: (page) => invited(page, 'guest@people.example.test', ['--name', 'Maximiliana Oberhuber-Castellanos', '--organization', 'staff']) },
  { name: 'invitation-mismatch', chain: 'invited', async reach(page) { await invited(page, 'guest@people.example.test'); await choosePasswordOf(page, 'seven quiet lanterns drift', 'seven'); await page.getByRole('alert').waitFor(); } },
  { name: 'login-account-created', chain: 'invited', async reach(page) { await invited(page, 'guest@people.example.test'); await choosePasswordOf(page, 'seven quiet lanterns drift'); await assertPage(page, '/login'); } },
  { name: 'invitation-used', chain: 'invited', reach: (page) => invited(page, 'guest@people.example.test') },
  { name: 'invitation-es', reach: (page) => invited(page, 'huesped@people.example.test', ['--locale', 'es']) },
  { name: 'invitation-dead', reach: (page) => page.goto(`${issuer}/invitation?token=x`) },
];

async function choosePasswordOf(page, password, again = password) {
  await fill(page, 'New password', password);
  await fill(page, 'Confirm new password', again);
  await click(page, 'Create account');
}

/** At the question for a passkey as the second factor. */
async function passkeyAsked(page, context) {
  const email = person('page-passkey-login');
  const authenticator = await Authenticator.of(context, page);
  await addFirstPasskey(page, email);
  await context.clearCookies();
  await authenticator.touched(false);
  await start(page, autotalk);
  await passwordAlone(page, authenticator, () => logIn(page, email));
  return authenticator;
}

export const accountStates = [...account, ...secondFactor, ...mailed, ...translated];
