// Every page in every state it can have, and how a person gets there.
import { click, confirmIfAsked, enable, fill, link, mail, onward, openAccount, openAccountWithCode, scan } from './account.mjs';
import { addFirstPasskey, Authenticator, openPasskeys, passwordAlone } from './passkeys.mjs';
import { sleep } from './server.mjs';
import { assertPage, fillIn, logIn, start } from './steps.mjs';
import { ANA, BO, PASSWORD, person, setupLink, world } from './world.mjs';

const { autotalk, ticketing, issuer, servers } = world;
const result = (page) => page.locator('#result').waitFor();

async function signIn(page, email = ANA) {
  await start(page, autotalk, { prompt: 'login' });
  await logIn(page, email);
  await result(page);
}

async function refused(page, email = ANA, password = 'not the password at all') {
  await logIn(page, email, password);
  await page.getByRole('alert').waitFor();
}

async function setup(page, values) {
  await page.goto(setupLink());
  for (const [field, value] of Object.entries(values)) await page.locator(`#${field}`).fill(value);
  await page.locator('#setup-submit').click();
  await page.getByRole('alert').waitFor();
}

const good = { identifier: 'root@example.test', name: 'Root', 'new-password': PASSWORD, 'new-password-confirmation': PASSWORD };
const SECURED = person('page');
const LOST = person('page-lost');

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
  const asked = () => new URL(page.url()).pathname === '/account/confirm';
  for (await page.goto(`${servers.hasty.origin}/account/password`); !asked(); await page.reload()) await sleep(200);
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

async function newPassword(page, password, again = password) {
  await fill(page, 'New password', password);
  await fill(page, 'Confirm new password', again);
  await click(page, 'Save');
}

/** Codes by email, asked for at a login. */
async function mailedCode(page, context) {
  const email = person('page-email');
  await openAccount(page, email);
  if (new URL(page.url()).pathname === '/login/email-code') return;
  await page.goto(`${issuer}/account/authentication`);
  await page.getByLabel('Receive one-time password via email').check();
  await click(page, 'Save');
  await confirmIfAsked(page);
  await context.clearCookies();
  await openAccount(page, email);
  await assertPage(page, '/login/email-code');
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

const opened = async (page) => page.locator('details summary').click();

export const states = [
  { name: 'login', reach: (page) => page.goto(`${issuer}/login`) },
  { name: 'login-client', reach: (page) => start(page, autotalk) },
  { name: 'login-third-party', reach: (page) => start(page, ticketing) },
  { name: 'login-hint', reach: (page) => start(page, autotalk, { login_hint: ANA }) },
  { name: 'login-again', async reach(page) { await signIn(page); await start(page, autotalk, { prompt: 'login' }); } },
  { name: 'login-again-refused', async reach(page) { await signIn(page); await start(page, autotalk, { prompt: 'login' }); await refused(page); } },
  { name: 'login-refused', async reach(page) { await start(page, autotalk); await refused(page); } },
  { name: 'login-missing-email', async reach(page) { await start(page, autotalk); await refused(page, ''); } },
  { name: 'login-missing-password', async reach(page) { await start(page, autotalk); await refused(page, ANA, ''); } },
  { name: 'login-password-shown', async reach(page) { await start(page, autotalk); await fillIn(page); await page.locator('button.show').click(); } },
  {
    // As it looks without scripts; axe itself is one, so they are not switched off.
    name: 'login-no-scripts',
    async reach(page) { await page.route('**/static/page.*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' })); await start(page, autotalk); },
  },
  { name: 'login-logged-out', reach: (page) => page.goto(`${issuer}/login?notice=logged_out`) },
  { name: 'login-setup-done', reach: (page) => page.goto(`${issuer}/login?notice=setup_done`) },
  {
    name: 'login-refreshed',
    async reach(page, context) { await page.goto(`${issuer}/login`); await context.clearCookies(); await logIn(page); await page.getByRole('status').waitFor(); },
  },
  { name: 'login-es', options: { locale: 'es-MX' }, reach: (page) => start(page, autotalk) },
  { name: 'login-es-refused', options: { locale: 'es' }, async reach(page) { await start(page, autotalk); await refused(page); } },
  { name: 'login-pt-BR', options: { locale: 'pt-BR' }, reach: (page) => start(page, autotalk) },
  { name: 'login-pt-BR-refused', options: { locale: 'pt-BR' }, async reach(page) { await start(page, autotalk); await refused(page); } },
  { name: 'consent', async reach(page) { await start(page, ticketing, { prompt: 'consent' }); await logIn(page); await assertPage(page, '/consent'); } },
  {
    name: 'consent-pt-BR', options: { locale: 'pt-BR' },
    async reach(page) { await start(page, ticketing, { prompt: 'consent' }); await logIn(page); await assertPage(page, '/consent'); },
  },
  { name: 'choose-account', async reach(page) { await signIn(page, BO); await start(page, autotalk, { prompt: 'select_account' }); await page.locator('[name=another]').click(); await logIn(page, ANA); await result(page); await start(page, autotalk, { prompt: 'select_account' }); } },
  { name: 'account', async reach(page) { await page.goto(`${issuer}/login`); await logIn(page); await assertPage(page, '/account'); } },
  { name: 'account-es', options: { locale: 'es' }, async reach(page) { await page.goto(`${issuer}/login`); await logIn(page); await assertPage(page, '/account'); } },
  { name: 'account-verified', reach: (page) => openAccount(page, SECURED) },
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
  { name: 'account-password-es', options: { locale: 'es' }, reach: (page) => openAccount(page, BO).then(() => page.goto(`${issuer}/account/password`)) },
  { name: 'account-password-common', async reach(page) { await inAccount(page, '/account/password'); await newPassword(page, 'passwordpassword'); } },
  { name: 'account-password-mismatch', async reach(page) { await inAccount(page, '/account/password'); await newPassword(page, 'seven quiet lanterns drift', 'seven'); } },
  { name: 'account-password-missing', async reach(page) { await inAccount(page, '/account/password'); await newPassword(page, ''); } },
  { name: 'account-sessions', reach: (page) => inAccount(page, '/account/sessions') },
  { name: 'account-sessions-pt-BR', options: { locale: 'pt-BR' }, reach: (page) => openAccount(page, ANA).then(() => page.goto(`${issuer}/account/sessions`)) },
  { name: 'account-applications-none', reach: (page) => inAccount(page, '/account/applications', SECURED) },
  {
    name: 'account-applications',
    async reach(page) {
      await start(page, ticketing, { prompt: 'consent' });
      await logIn(page, BO);
      await page.locator('#consent-allow').click();
      await result(page);
      await page.goto(`${issuer}/account/applications`);
      await assertPage(page, '/account/applications');
    },
  },
  { name: 'account-activity', reach: (page) => inAccount(page, '/account/activity') },
  { name: 'account-activity-too-long', async reach(page) { await inAccount(page, '/account/activity'); await wrongly(page, 'What looked wrong? (optional)', 'long '.repeat(200), 'Notify account administrator'); } },
  { name: 'account-data', reach: (page) => inAccount(page, '/account/data') },
  { name: 'account-delete', reach: (page) => inAccount(page, '/account/delete') },
  { name: 'account-delete-refused', async reach(page) { await inAccount(page, '/account/delete', ANA); await click(page, 'Delete my account'); } },
  { name: 'account-email', reach: (page) => inAccount(page, '/account/email') },
  { name: 'account-email-refused', async reach(page) { await inAccount(page, '/account/email'); await wrongly(page, 'New email', 'nothing', 'Confirm'); } },
  { name: 'authentication', reach: (page) => inAccount(page, '/account/authentication') },
  { name: 'authentication-pt-BR', options: { locale: 'pt-BR' }, reach: (page) => openAccount(page, BO).then(() => page.goto(`${issuer}/account/authentication`)) },
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
  { name: 'authentication-on', reach: (page) => secured(page, '/account/authentication') },
  { name: 'recovery-codes-left', reach: (page) => secured(page, '/account/authentication/recovery-codes') },
  { name: 'totp-replaces', async reach(page) { await secured(page, '/account/authentication'); await click(page, 'Request New QR code'); await confirmIfAsked(page, { phone }); } },
  { name: 'disable', reach: (page) => secured(page, '/account/authentication/disable') },
  { name: 'login-code', reach: halfway },
  { name: 'login-code-wrong', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', '12345', 'Verify'); } },
  { name: 'login-code-used', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', await phone.at(phone.used), 'Verify'); } },
  { name: 'login-code-missing', async reach(page, context) { await halfway(page, context); await wrongly(page, 'Verification code', '', 'Verify'); } },
  { name: 'login-recovery-code', async reach(page, context) { await halfway(page, context); await click(page, 'Use a recovery code'); } },
  { name: 'login-recovery-code-wrong', async reach(page, context) { await halfway(page, context); await click(page, 'Use a recovery code'); await wrongly(page, 'Recovery code', 'ABCD', 'Verify'); } },
  { name: 'login-email-code', reach: mailedCode },
  { name: 'login-email-code-wrong', async reach(page, context) { await mailedCode(page, context); await wrongly(page, 'Code', '12', 'Verify'); } },
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
  { name: 'password-reset', reach: (page) => page.goto(`${issuer}/password/reset`) },
  { name: 'password-reset-refused', async reach(page) { await page.goto(`${issuer}/password/reset`); await wrongly(page, 'Email', 'nothing', 'Send link'); } },
  { name: 'password-reset-sent', reach: (page) => forgotten(page) },
  { name: 'password-reset-sent-wrong', async reach(page) { await forgotten(page); await wrongly(page, 'Code from the email', '12', 'Continue'); } },
  { name: 'password-reset-sent-again', async reach(page) { await forgotten(page); await click(page, 'Send again'); } },
  { name: 'password-reset-finish', reach: finishing },
  { name: 'password-reset-finish-common', async reach(page) { await finishing(page); await newPassword(page, 'passwordpassword'); } },
  { name: 'login-password-reset', async reach(page) { await finishing(page); await newPassword(page, 'seven quiet lanterns drift'); await assertPage(page, '/login'); } },
  { name: 'password-reset-used', reach: finishing },
  { name: 'password-reset-dead', reach: (page) => page.goto(`${issuer}/password/reset/finish?token=x`) },
  {
    name: 'not-me',
    async reach(page) {
      await page.goto(link(await mail(LOST, /password was changed/), '/not-me'));
      await assertPage(page, '/not-me');
    },
  },
  { name: 'not-me-done', async reach(page) { await page.goto(link(await mail(LOST, /password was changed/), '/not-me')); await click(page, 'Secure my account'); } },
  { name: 'not-me-dead', reach: (page) => page.goto(`${issuer}/not-me?token=x`) },
  { name: 'sign-up-closed', reach: (page) => page.goto(`${issuer}/sign-up`) },
  { name: 'sign-up', reach: (page) => page.goto(`${servers.hasty.origin}/sign-up`) },
  { name: 'sign-up-refused', async reach(page) { await page.goto(`${servers.hasty.origin}/sign-up`); await wrongly(page, 'Email', 'nothing', 'Continue'); } },
  { name: 'sign-up-sent', async reach(page) { await page.goto(`${servers.hasty.origin}/sign-up`); await fill(page, 'Email', 'new@example.test'); await click(page, 'Continue'); } },
  { name: 'sign-up-finish', async reach(page) { await page.goto(link(await mail('new@example.test', /^Confirm|invited|account/i, 1, servers.hasty), '/sign-up/finish')); } },
  { name: 'invitation-dead', reach: (page) => page.goto(`${issuer}/invitation?token=x`) },
  { name: 'email-confirm-dead', reach: (page) => page.goto(`${issuer}/email/confirm?token=x`) },
  { name: 'logout', async reach(page) { await signIn(page); await page.goto(`${issuer}/logout`); } },
  { name: 'logout-asked', async reach(page) { await signIn(page); await page.goto(`${issuer}/logout?client_id=autotalk`); } },
  { name: 'logged-out', async reach(page) { await signIn(page); await page.goto(`${issuer}/logout`); await page.locator('#logout-confirm').click(); await assertPage(page, '/logged-out'); } },
  {
    name: 'logged-out-not-returned',
    async reach(page) {
      await signIn(page);
      await page.goto(`${issuer}/logout?client_id=autotalk&post_logout_redirect_uri=https://elsewhere.example/`);
      await page.locator('#logout-confirm').click();
      await assertPage(page, '/logged-out');
    },
  },
  { name: 'home', reach: (page) => page.goto(`${issuer}/`) },
  { name: 'setup', reach: (page) => page.goto(setupLink()) },
  { name: 'setup-email', reach: (page) => setup(page, { ...good, identifier: 'root' }) },
  { name: 'setup-email-taken', reach: (page) => setup(page, { ...good, identifier: ANA }) },
  { name: 'setup-too-short', reach: (page) => setup(page, { ...good, 'new-password': 'short', 'new-password-confirmation': 'short' }) },
  { name: 'setup-too-long', reach: (page) => setup(page, { ...good, 'new-password': 'x'.repeat(2000), 'new-password-confirmation': 'x'.repeat(2000) }) },
  { name: 'setup-mismatch', reach: (page) => setup(page, { ...good, 'new-password-confirmation': 'correct horse battery stable' }) },
  { name: 'setup-all-wrong', reach: (page) => setup(page, { identifier: '', 'new-password': '', 'new-password-confirmation': '' }) },
  { name: 'error-not-found', reach: (page) => page.goto(`${issuer}/nothing/here`) },
  { name: 'error-bad-request', reach: (page) => page.goto(`${issuer}/consent`) },
  { name: 'error-forbidden', async reach(page) { await page.goto(`${autotalk.origin}/attack?target=${encodeURIComponent(`${issuer}/login`)}`); await page.locator('#go').click(); await page.locator('main h1').waitFor(); } },
  { name: 'error-expired', async reach(page) { await start(page, autotalk, {}, servers.hasty); await sleep(1500); await page.reload(); } },
  { name: 'error-setup-link', reach: (page) => page.goto(`${issuer}/setup?token=x`) },
  { name: 'error-cookies-blocked', async reach(page, context) { await start(page, autotalk); await context.clearCookies(); await page.reload(); } },
  {
    name: 'error-too-many-requests',
    async reach(page) {
      await start(page, autotalk, {}, servers.strict);
      for (let attempt = 0; attempt < 2; attempt += 1) {
        if (await page.locator('#password').count() === 0) break;
        await logIn(page, ANA, 'not the password at all');
        await page.locator('[role=alert], main p code').first().waitFor();
      }
      await page.getByRole('heading', { name: 'Too many attempts' }).waitFor();
    },
  },
  {
    name: 'error-unknown-client',
    async reach(page) { await page.goto(autotalk.authorizeUrl(issuer, { client_id: 'nobody' })); await opened(page); },
  },
  {
    name: 'error-redirect-uri',
    async reach(page) { await page.goto(autotalk.authorizeUrl(issuer, { redirect_uri: `${autotalk.redirectUri}/` })); await opened(page); },
  },
  { name: 'error-application', reach: (page) => page.goto(autotalk.authorizeUrl(issuer, { redirect_uri: null })) },
  {
    name: 'error-long-value', options: { locale: 'pt-BR' },
    async reach(page) { await page.goto(autotalk.authorizeUrl(issuer, { redirect_uri: `https://${'long'.repeat(60)}.example/callback` })); await opened(page); },
  },
];
