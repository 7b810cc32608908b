// What all tests share: the servers, the applications and the one browser.
import { Application } from './application.mjs';
import { closeBrowser, openContext } from './browser.mjs';
import { freePort, startServer } from './server.mjs';

export const PASSWORD = 'correct horse battery staple';
export const ANA = 'ana@example.test';
export const BO = 'bo@example.test';

/** What tests are done with, and how they call it. */
export const ways = { Chromium: {}, 'no JavaScript': { javaScriptEnabled: false } };

/** People who change their own accounts: each test has its own, in each way. */
export const person = (word, way = 'Chromium') => `${word.toLowerCase()}.${way.replaceAll(/\W/g, '').toLowerCase()}@people.example.test`;
const inBothWays = (words) => words.flatMap((word) => Object.keys(ways).map((way) => person(word, way)));

const PEOPLE = [
  ...inBothWays([
    't1', 't2', 't2-code', 't3', 't3-asked', 't4', 't4-trusted', 't5', 't6', 't6-asked', 't7', 't7-again', 't8', 't9', 't10', 't10-again', 'a1', 'a2', 'a3', 'a4',
    'frozen', 'moving', 'leaving', 'devices', 'profile',
  ]),
  ...['page', 'page-activity', 'page-codes', 'page-email', 'page-lost', 'page-moving', 'page-leaving', 'page-trusted', 'page-blocked', 'keys-desk', 'keys-phone', 'passkey-first', 'passkey-button', 'passkey-second', 'passkey-twice', 'passkey-scripts-off', 'passkey-not-me', 'page-passkeys', 'page-passkey-login', 'page-passkey-confirm', 'keys-leaving-desk', 'keys-leaving-phone'].map((word) => person(word)),
];
/** Of an organisation that requires a second factor. */
const MEMBERS = [...inBothWays(['member-t6', 'member-t9', 'member-t10']), person('page-member'), person('page-bound'), person('keys-member-desk'), person('keys-member-phone')];
export const CHIEF = 'chief@people.example.test';

async function makeApplications() {
  const autotalk = new Application({ id: 'autotalk', name: 'AutoTalk', secret: 'the-secret-of-autotalk-0123456789', host: '127.0.0.1', port: await freePort() });
  const ticketing = new Application({
    id: 'ticketing', name: 'Ticketing', secret: 'the-secret-of-ticketing-012345678', host: 'localhost', port: await freePort(), scope: 'openid email profile phone offline_access',
  });
  // Sends people on from its callback to another of its hosts, as applications with a login host of their own do.
  const portal = new Application({
    id: 'portal', name: 'Portal', secret: 'the-secret-of-portal-0123456789012', host: '127.0.0.1', port: await freePort(), onwardTo: `${ticketing.origin}/done`,
  });
  const applications = [autotalk, ticketing, portal];
  for (const application of applications) await application.listen();
  return { autotalk, ticketing, portal };
}

function state({ autotalk, ticketing, portal }, { administrator = true, people = [] } = {}) {
  const client = (application, more) => `[[clients]]
client_id = "${application.id}"
client_name = "${application.name}"
client_secret = "${application.secret}"
grant_types = ["authorization_code", "refresh_token"]
post_logout_redirect_uris = ["${application.goodbye}", "${application.origin}/leave"]
backchannel_logout_uri = "${application.origin}/backchannel"
backchannel_logout_session_required = true
${more}
`;
  const user = (email, name, more = '') => `[[users]]
email = "${email}"
name = "${name}"
password = "${PASSWORD}"
${more}
`;
  return [
    client(autotalk, `redirect_uris = ["${autotalk.redirectUri}"]\nfirst_party = true`),
    client(ticketing, `redirect_uris = ["${ticketing.redirectUri}"]
policy_uri = "https://ticketing.example/privacy"
tos_uri = "https://ticketing.example/terms"
scope = "openid profile email phone offline_access"`),
    client(portal, `redirect_uris = ["${portal.redirectUri}", "${portal.onwardTo}"]\nfirst_party = true`),
    `[[clients]]
client_id = "television"
client_name = "Television"
token_endpoint_auth_method = "none"
grant_types = ["device_code", "refresh_token"]
redirect_uris = []
tos_uri = "https://television.example/terms"
scope = "openid email profile offline_access"
`,
    user(ANA, 'Ana Lima', administrator ? 'email_verified = true\nadministrator = true' : 'email_verified = true'),
    user(BO, 'Bo Nilsson'),
    ...(people.length ? staff(user) : []),
    ...people.map((email) => user(email, 'Kim Duarte', 'email_verified = true')),
  ].join('\n');
}

/** People whose organisation requires a second factor, and who looks after them. */
const staff = (user) => [
  '[[organizations]]\nid = "staff"\nname = "Acme Staff"\n[organizations.policy]\nsecond_factor = "required"\n',
  ...MEMBERS.map((email) => user(email, 'Kim Duarte', 'email_verified = true\norganizations = ["staff"]')),
  user(CHIEF, 'Carla Chief', 'email_verified = true\norganizations = ["staff"]\norganization_administrator_of = ["staff"]'),
];

async function startWorld() {
  const applications = await makeApplications();
  const servers = await allOf({
    main: startServer(state(applications, { people: PEOPLE })),
    // Flows and fresh sign-ins are over almost at once, nobody administers it yet, and everybody may have an account.
    hasty: startServer(state(applications, { administrator: false }), { VESTIBULE_SESSION__FLOW_TTL: '1s', VESTIBULE_SESSION__REAUTHENTICATION_WINDOW: '1s', VESTIBULE_REGISTRATION__MODE: 'open' }),
    // One attempt, then 429; links in mails are over almost at once.
    strict: startServer(state(applications), { VESTIBULE_LIMITS__SIGN_IN: '1/1h', VESTIBULE_RECOVERY__LINK_TTL: '1s' }),
    // Asks again who somebody is while one can still wait for it.
    wary: startServer(state(applications, { people: PEOPLE }), { VESTIBULE_SESSION__REAUTHENTICATION_WINDOW: '25s' }),
  });
  return { ...applications, applications: Object.values(applications), servers, issuer: servers.main.origin };
}

async function allOf(promises) {
  return Object.fromEntries(await Promise.all(Object.entries(promises).map(async ([name, promise]) => [name, await promise])));
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

export const world = await startWorld();

/** The one-time link that the server without an administrator printed. */
export function setupLink() {
  const [link] = world.servers.hasty.output.match(/http:\/\/localhost:\d+\/setup\?token=[\w.-]+/) ?? [];
  if (!link) throw new Error(`no set-up link in:\n${world.servers.hasty.output}`);
  return link;
}

/** Origins a browser may talk to during the tests: anything else is a fault of a page. */
export const knownOrigins = new Set([
  ...Object.values(world.servers).map((server) => server.origin), ...world.applications.map((application) => application.origin),
]);

/** Runs `work` with a fresh browser context, and fails when any of its pages misbehaved meanwhile. */
export async function withContext(options, work) {
  const { context, watch } = await openContext(options, knownOrigins);
  try {
    const result = await work(context, await context.newPage());
    watch.assertClean();
    return result;
  } finally {
    await context.close();
  }
}

export async function stopWorld() {
  await closeBrowser();
  for (const application of world.applications) await application.close();
  for (const server of Object.values(world.servers)) await server.stop();
}

/** One test in each way; `work` gets the page, and people of its own. */
export function inEachWay(test, name, work) {
  for (const [way, options] of Object.entries(ways)) {
    test(`${name} (${way})`, () => withContext(options, (context, page) => work({ context, page, options, scripts: options.javaScriptEnabled ?? true, person: (word) => person(word, way) })));
  }
}
