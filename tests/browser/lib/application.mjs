// A small relying application: starts authorization requests, redeems codes, shows what came back.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const claims = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString());

async function form(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

const page = (heading, detail) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>${heading}</title>
<link rel="icon" href="data:,"><h1 id="result">${heading}</h1><pre id="detail">${detail.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</pre>`;

export class Application {
  /** `name` is what people see, `id` the client id; `host` is `127.0.0.1` or `localhost`. */
  constructor({ id, name, secret, host, port, scope = 'openid email profile', onwardTo = null }) {
    Object.assign(this, { id, name, secret, scope, onwardTo, origin: `http://${host}:${port}`, port });
    this.issuer = null;
    this.waiting = new Map();
    this.visits = [];
    this.idToken = null;
    this.logouts = [];
  }

  get redirectUri() { return `${this.origin}/callback`; }
  get goodbye() { return `${this.origin}/goodbye`; }

  async listen() {
    this.server = createServer((request, response) => this.answer(request, response).catch((error) => {
      response.writeHead(500, { 'content-type': 'text/html' }).end(page('failed', String(error.stack)));
    }));
    await new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The address of an authorization request at `issuer`; `extra` adds or replaces parameters, null leaves one out. `then`: the request made at once when it is refused. */
  authorizeUrl(issuer, extra = {}, then = null) {
    const state = base64url(randomBytes(16));
    const verifier = base64url(randomBytes(32));
    const nonce = base64url(randomBytes(16));
    this.waiting.set(state, { verifier, nonce, issuer, then });
    const parameters = {
      client_id: this.id, redirect_uri: this.redirectUri, response_type: 'code', scope: this.scope, state, nonce,
      code_challenge: base64url(createHash('sha256').update(verifier).digest()), code_challenge_method: 'S256', ...extra,
    };
    const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== null));
    return `${issuer}/authorize?${query}`;
  }

  async answer(request, response) {
    const url = new URL(request.url, this.origin);
    const html = (status, heading, detail = '') => response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(page(heading, detail));
    if (url.pathname !== '/favicon.ico') this.visits.push(url);
    switch (url.pathname) {
      case '/':
        return html(200, this.name);
      case '/start': {
        const { issuer, then, ...extra } = Object.fromEntries(url.searchParams);
        return response.writeHead(302, { location: this.authorizeUrl(issuer, extra, then && JSON.parse(then)) }).end();
      }
      case '/callback':
        return this.callback(request.method, request.method === 'POST' ? await form(request) : url.searchParams, response, html);
      case '/backchannel':
        return this.backchannel(request, response);
      case '/done':
        return html(200, 'done', url.search);
      case '/leave':
        return response.writeHead(303, { location: this.onwardTo ?? this.goodbye }).end();
      case '/goodbye':
        return html(200, 'goodbye', url.searchParams.get('state') ?? '');
      case '/attack': {
        // What another site's page would send in the name of a person.
        const target = url.searchParams.get('target');
        const form = `<form method="post" action="${target}"><input name="email" value="ana@example.test"><input name="password" value="x"><button id="go">Go</button></form>`;
        return response.writeHead(200, { 'content-type': 'text/html' }).end(page('attack', '') + form);
      }
      default:
        return html(404, 'not found');
    }
  }

  /** Keeps what the logout token says (OpenID Connect Back-Channel Logout 1.0 §2.4); its signature is the relying parties' tests' matter. */
  async backchannel(request, response) {
    this.logouts.push(claims((await form(request)).get('logout_token')));
    return response.writeHead(200, { 'cache-control': 'no-store' }).end();
  }

  /** Once this application was told that the session ended. */
  async toldOf(sid) {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const told = this.logouts.find((claims) => claims.sid === sid);
      if (told) return told;
      if (Date.now() > deadline) throw new Error(`${this.name} was not told of the end of ${sid}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** The answer: in the query, or in a form (OAuth 2.0 Form Post Response Mode). */
  async callback(method, answered, response, html) {
    const state = answered.get('state');
    const request = this.waiting.get(state);
    if (!request) return html(400, 'unknown state');
    if (answered.get('iss') !== request.issuer) return html(400, 'wrong issuer');
    if (answered.has('error')) {
      if (request.then) return response.writeHead(303, { location: this.authorizeUrl(request.issuer, request.then) }).end();
      return html(200, answered.get('error'), answered.get('error_description') ?? '');
    }
    const answer = await fetch(`${request.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${this.id}:${this.secret}`).toString('base64')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code', code: answered.get('code'), redirect_uri: this.redirectUri, code_verifier: request.verifier,
      }),
    });
    const tokens = await answer.json();
    if (!answer.ok) return html(400, 'no tokens', JSON.stringify(tokens));
    const identity = claims(tokens.id_token);
    if (identity.nonce !== request.nonce) return html(400, 'wrong nonce');
    const person = await (await fetch(`${request.issuer}/userinfo`, { headers: { authorization: `Bearer ${tokens.access_token}` } })).json();
    this.idToken = tokens.id_token;
    if (this.onwardTo) return response.writeHead(303, { location: this.onwardTo }).end();
    return html(200, `signed in: ${person.email}`, JSON.stringify({ state, method, ...identity }));
  }
}
