// Every page on the way in and out, in every state it can have, and how a person gets there.
import { sleep } from './server.mjs';
import { askAsDevice, assertPage, enterCode, fillIn, logIn, start } from './steps.mjs';
import { ANA, BO, PASSWORD, setupLink, world } from './world.mjs';

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

/** The question whether a device is theirs, and their answer. */
async function askedForDevice(page, answer = null) {
  await enterCode(page, (await askAsDevice()).user_code);
  await logIn(page);
  await assertPage(page, '/device/confirm');
  if (answer) { await page.locator(`#device-${answer}`).click(); await assertPage(page, '/device/done'); }
}

const good = { identifier: 'root@example.test', name: 'Root', 'new-password': PASSWORD, 'new-password-confirmation': PASSWORD };
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
  {
    // As it looks without scripts: with them it is gone at once.
    name: 'form-post',
    async reach(page) {
      await page.route('**/static/form_post.*.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
      await signIn(page);
      await start(page, autotalk, { response_mode: 'form_post' });
      await page.locator('#form-post-submit').waitFor();
    },
  },
  { name: 'device', reach: (page) => page.goto(`${issuer}/device`) },
  { name: 'device-filled', async reach(page) { await page.goto((await askAsDevice()).verification_uri_complete); } },
  { name: 'device-wrong', async reach(page) { await enterCode(page, 'WDJB-MJHT'); await page.getByRole('alert').waitFor(); } },
  { name: 'device-es-missing', options: { locale: 'es' }, async reach(page) { await enterCode(page, ''); await page.getByRole('alert').waitFor(); } },
  { name: 'device-confirm', reach: (page) => askedForDevice(page) },
  { name: 'device-confirm-pt-BR', options: { locale: 'pt-BR' }, reach: (page) => askedForDevice(page) },
  { name: 'device-done', reach: (page) => askedForDevice(page, 'allow') },
  { name: 'device-denied', reach: (page) => askedForDevice(page, 'deny') },
  { name: 'account', async reach(page) { await page.goto(`${issuer}/login`); await logIn(page); await assertPage(page, '/account'); } },
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
