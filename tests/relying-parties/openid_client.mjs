// npm `openid-client` 6, strict: signatures of ID tokens are checked although they come over TLS. Run by run.py.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';

const { issuer, email, password, secret, callback, goodbye, keys } = JSON.parse(process.env.RELYING_PARTY);
const OPEN = 'openid email profile';

async function configure(clientId, metadata = {}, authentication = client.ClientSecretBasic(secret)) {
  const config = await client.discovery(new URL(issuer), clientId, metadata, authentication);
  client.enableNonRepudiationChecks(config);
  return config;
}

/** Sends the browser to the authorization endpoint; `page` when it stays there, `back()` for the exchange when it returns. */
async function authorize(config, browser, more = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope: OPEN,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
    ...more,
  });
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  if (more.max_age !== undefined) checks.maxAge = Number(more.max_age);
  return { page: await browser.open(url.href), checks };
}

async function signIn(config, browser, more) {
  let { page, checks } = await authorize(config, browser, more);
  if (!page.left) {
    assert.match(page.text, /current-password/, `not the sign-in page: ${page.url} ${page.text.slice(0, 300)}`);
    page = await browser.submit(page, { email, password });
  }
  return { page, checks };
}

function exchange(config, { page, checks }, parameters) {
  assert.ok(page.left, `stayed on ${page.url}: ${page.status} ${page.text}`);
  assert.ok(page.left.href.startsWith(`${callback}?`), page.left.href);
  return client.authorizationCodeGrant(config, page.left, checks, parameters);
}

async function fresh(config, more) {
  const browser = new Browser();
  return { browser, tokens: await exchange(config, await signIn(config, browser, more)) };
}

/** The error that the server answered, by its OAuth name and status. */
const answers = (error, status) => (thrown) => {
  assert.equal(thrown.error ?? thrown.cause?.[0]?.parameters?.error, error, `${thrown} ${JSON.stringify(thrown.cause)}`);
  if (status) assert.equal(thrown.status, status);
  return true;
};

const header = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url'));

for (const alg of ['RS256', 'ES256', 'PS256', 'EdDSA']) {
  test(`code, PKCE, nonce and a verified ID token signed with ${alg}`, async () => {
    const config = await configure(`node-${alg.toLowerCase()}`, { id_token_signed_response_alg: alg });
    const { tokens } = await fresh(config);
    assert.equal(header(tokens.id_token).alg, alg);
    const claims = tokens.claims();
    for (const name of ['sub', 'at_hash', 'sid', 'auth_time', 'acr', 'amr', 'nonce']) assert.ok(claims[name], `no ${name}`);
    assert.equal(claims.email, undefined, 'claims of scopes belong to userinfo');
    const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    assert.deepEqual([person.email, person.email_verified, person.name], [email, true, 'Alice']);
  });
}

test('client_secret_post and a public client', async () => {
  await fresh(await configure('node-post', {}, client.ClientSecretPost(secret)));
  await fresh(await configure('node-public', {}, client.None()));
});

test('private_key_jwt with published keys', async () => {
  const kinds = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    Ed25519: { name: 'Ed25519' },
    PS256: { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  };
  const make = (kind) => crypto.subtle.generateKey(kind, true, ['sign', 'verify']);
  const pairs = await Promise.all(Object.entries(kinds).map(async ([kid, kind]) => ({ kid, ...(await make(kind)) })));
  const published = await Promise.all(pairs.map(async ({ kid, publicKey }) => ({ ...(await crypto.subtle.exportKey('jwk', publicKey)), kid })));
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.setHeader('content-type', 'application/jwk-set+json').end(JSON.stringify({ keys: published }));
  });
  await new Promise((ready) => server.listen(Number(new URL(keys).port), '127.0.0.1', ready));
  try {
    for (const { kid, privateKey } of pairs) {
      const config = await configure('node-key', {}, client.PrivateKeyJwt({ key: privateKey, kid }));
      const { tokens } = await fresh(config);
      const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal((await client.tokenIntrospection(config, renewed.access_token)).active, true);
      await client.tokenRevocation(config, renewed.refresh_token);
    }
    const stranger = { key: (await make(kinds.ES256)).privateKey, kid: 'ES256' };
    const wrong = await configure('node-key', {}, client.PrivateKeyJwt(stranger));
    await assert.rejects(client.refreshTokenGrant(wrong, 'whatever'), (thrown) => thrown.status === 401);
    assert.ok(asked <= 2, `asked ${asked} times`);
  } finally {
    server.close();
  }
});

test('a response of another issuer, state or nonce is refused by the library', async () => {
  const config = await configure('node-rs256');
  const arrived = await signIn(config, new Browser());
  assert.equal(arrived.page.left.searchParams.get('iss'), new URL(issuer).origin);
  for (const [name, value] of [['iss', 'https://evil.example'], ['state', 'another']]) {
    const left = new URL(arrived.page.left);
    left.searchParams.set(name, value);
    await assert.rejects(exchange(config, { ...arrived, page: { left } }));
  }
  const checks = { ...arrived.checks, expectedNonce: 'another' };
  await assert.rejects(exchange(config, { ...arrived, checks }), { code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' });
});

test('prompt=none answers login_required without a session and a code with one', async () => {
  const config = await configure('node-rs256');
  const stranger = await authorize(config, new Browser(), { prompt: 'none' });
  await assert.rejects(exchange(config, stranger), answers('login_required'));
  const { browser, tokens } = await fresh(config);
  const silent = await exchange(config, await authorize(config, browser, { prompt: 'none', id_token_hint: tokens.id_token }));
  assert.equal(silent.claims().sub, tokens.claims().sub);
  assert.equal(silent.claims().auth_time, tokens.claims().auth_time);
});

test('max_age: fresh enough is silent, too old asks again', async () => {
  const config = await configure('node-rs256');
  const { browser, tokens } = await fresh(config);
  const silent = await exchange(config, await authorize(config, browser, { max_age: '10000' }));
  assert.equal(silent.claims().auth_time, tokens.claims().auth_time);
  const asked = await authorize(config, browser, { max_age: '0' });
  assert.ok(asked.page.text, 'max_age=0 did not ask');
  const page = await browser.submit(asked.page, { email, password });
  delete asked.checks.maxAge; // a second has passed by the time it is checked
  const again = await exchange(config, { page, checks: asked.checks });
  assert.ok(again.claims().auth_time >= tokens.claims().auth_time);
});

test('refresh rotates, forgives a lost answer, and takes reuse for theft', async () => {
  const config = await configure('node-es256', { id_token_signed_response_alg: 'ES256' });
  const { tokens } = await fresh(config);
  const second = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(second.refresh_token, tokens.refresh_token);
  if (second.id_token) {
    assert.equal(second.claims().sub, tokens.claims().sub);
    assert.equal(second.claims().auth_time, tokens.claims().auth_time);
  }
  const retried = await client.refreshTokenGrant(config, tokens.refresh_token);
  const third = await client.refreshTokenGrant(config, retried.refresh_token);
  await client.fetchUserInfo(config, third.access_token, tokens.claims().sub);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), answers('invalid_grant', 400));
  await assert.rejects(client.refreshTokenGrant(config, third.refresh_token), answers('invalid_grant', 400));
  assert.deepEqual(await client.tokenIntrospection(config, third.access_token), { active: false });
  await assert.rejects(client.fetchUserInfo(config, third.access_token, tokens.claims().sub), (thrown) => thrown.status === 401);
});

test('a replayed code is refused and takes its tokens with it', async () => {
  const config = await configure('node-rs256');
  const arrived = await signIn(config, new Browser());
  const tokens = await exchange(config, arrived);
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
  await assert.rejects(exchange(config, arrived), answers('invalid_grant', 400));
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
});

test('a wrong verifier burns the code', async () => {
  const config = await configure('node-rs256');
  const arrived = await signIn(config, new Browser());
  const checks = { ...arrived.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await assert.rejects(exchange(config, { ...arrived, checks }), answers('invalid_grant', 400));
  await assert.rejects(exchange(config, arrived), answers('invalid_grant', 400));
});

test('introspection and revocation', async () => {
  const config = await configure('node-rs256');
  const { tokens } = await fresh(config);
  const seen = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(seen.active, true);
  assert.deepEqual([seen.client_id, seen.sub, seen.iss], ['node-rs256', tokens.claims().sub, new URL(issuer).origin]);
  assert.equal((await client.tokenIntrospection(config, tokens.refresh_token)).active, true);
  await client.tokenRevocation(config, tokens.refresh_token);
  await client.tokenRevocation(config, tokens.refresh_token);
  await client.tokenRevocation(config, 'never-issued');
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    assert.deepEqual(await client.tokenIntrospection(config, token), { active: false });
  }
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), answers('invalid_grant', 400));
});

test('client credentials', async () => {
  const config = await configure('node-service');
  const tokens = await client.clientCredentialsGrant(config);
  assert.equal(header(tokens.access_token).typ, 'at+jwt');
  assert.equal(tokens.refresh_token, undefined);
  const seen = await client.tokenIntrospection(config, tokens.access_token);
  assert.deepEqual([seen.active, seen.sub], [true, 'node-service']);
  await client.tokenRevocation(config, tokens.access_token);
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
  await assert.rejects(client.clientCredentialsGrant(await configure('node-es256')), answers('unauthorized_client', 400));
});

test('a device without a browser: the code is typed elsewhere, and the device has its tokens, or its refusal', async () => {
  const config = await configure('node-device', {}, client.None());
  const browser = new Browser();
  for (const decision of ['allow', 'deny']) {
    const device = await client.initiateDeviceAuthorization(config, { scope: OPEN });
    assert.equal(new URL(device.verification_uri_complete).searchParams.get('user_code'), device.user_code);
    let page = await browser.submit(await browser.open(device.verification_uri_complete), {});
    if (/current-password/.test(page.text)) page = await browser.submit(page, { email, password });
    assert.match(page.text, /id="device-allow"/);
    page = await browser.submit(page, { decision });
    assert.equal(new URL(page.url).pathname, '/device/done');
    // The person has answered: the first question is the last, and nobody waits five seconds for it here.
    const polled = client.pollDeviceAuthorizationGrant(config, { ...device, interval: 1 });
    if (decision === 'deny') {
      await assert.rejects(polled, answers('access_denied', 400));
      continue;
    }
    const tokens = await polled;
    const claims = tokens.claims();
    for (const name of ['sub', 'sid', 'auth_time', 'acr', 'amr']) assert.ok(claims[name], `no ${name}`);
    assert.equal((await client.fetchUserInfo(config, tokens.access_token, claims.sub)).email, email);
    const fresh = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  }
});

test('a wrong secret is invalid_client, with a challenge where one belongs', async () => {
  const wrong = 'not-the-secret-but-as-long-as-one-must-be';
  const basic = await configure('node-service', {}, client.ClientSecretBasic(wrong));
  await assert.rejects(client.clientCredentialsGrant(basic), (thrown) => {
    assert.equal(thrown.status, 401);
    assert.equal(thrown.cause[0].scheme, 'basic');
    return true;
  });
  const post = await configure('node-post', {}, client.ClientSecretPost(wrong));
  await assert.rejects(client.refreshTokenGrant(post, 'whatever'), (thrown) => thrown.status === 401);
});

test('consent is asked once, and a refusal comes back as access_denied', async () => {
  const config = await configure('node-third-party');
  const browser = new Browser();
  const asked = await signIn(config, browser);
  assert.match(asked.page.text, /id="consent-allow"/);
  const denied = await browser.submit(asked.page, { decision: 'deny' });
  await assert.rejects(exchange(config, { page: denied, checks: asked.checks }), answers('access_denied'));
  const silent = await authorize(config, browser, { prompt: 'none' });
  await assert.rejects(exchange(config, silent), answers('consent_required'));
  const again = await authorize(config, browser);
  const allowed = await browser.submit(again.page, { decision: 'allow' });
  await exchange(config, { page: allowed, checks: again.checks });
  await exchange(config, await authorize(config, browser, { prompt: 'none' }));
});

test('logging out with a hint ends the session and what depends on it, and comes back with state', async () => {
  const config = await configure('node-rs256');
  const { browser, tokens } = await fresh(config);
  const kept = await exchange(config, await authorize(config, browser, { scope: `${OPEN} offline_access` }));
  const state = client.randomState();
  const url = client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: goodbye, state });
  const { left } = await browser.open(url.href);
  assert.equal(left?.href, `${goodbye}?state=${state}`);
  const silent = await authorize(config, browser, { prompt: 'none' });
  await assert.rejects(exchange(config, silent), answers('login_required'));
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), answers('invalid_grant', 400));
  assert.deepEqual(await client.tokenIntrospection(config, tokens.access_token), { active: false });
  assert.ok((await client.refreshTokenGrant(config, kept.refresh_token)).access_token, 'offline_access outlives the session');
});
