// Only passkeys need this; it also shows a password on request, and keeps a double click from posting a form twice.
for (const button of document.querySelectorAll('button.show')) {
  const input = document.getElementById(button.getAttribute('aria-controls'));
  const show = (on) => {
    input.type = on ? 'text' : 'password';
    button.setAttribute('aria-pressed', String(on));
  };
  button.hidden = false;
  button.addEventListener('click', () => show(input.type === 'password'));
  // Managers and history learn passwords from password fields only.
  input.form.addEventListener('submit', () => show(false));
}
for (const form of document.forms) {
  let last = -1000;
  form.addEventListener('submit', (event) => {
    if (event.timeStamp - last < 1000) event.preventDefault();
    last = event.timeStamp;
  });
}

// Passkeys (WebAuthn): asks the browser as the form says, and posts what it answers.
const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
let asking;
const ask = async (form, mediation) => {
  asking?.abort();
  const { signal } = (asking = new AbortController());
  const publicKey = JSON.parse(form.dataset.options);
  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
  for (const known of [...(publicKey.allowCredentials ?? []), ...(publicKey.excludeCredentials ?? [])]) known.id = bytes(known.id);
  const { id, rawId, type, response } = await navigator.credentials[form.dataset.passkey]({ publicKey, mediation, signal });
  const answer = { transports: response.getTransports?.() };
  for (const part of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[part]) answer[part] = text(response[part]);
  }
  form.elements.credential.value = JSON.stringify({ id, rawId: text(rawId), type, response: answer });
  form.submit();
};
for (const form of window.PublicKeyCredential ? document.querySelectorAll('form[data-passkey]') : []) {
  const say = (what) => {
    for (const said of form.querySelectorAll('[data-said]')) said.hidden = said.dataset.said !== what;
  };
  form.querySelector('.unable')?.remove();
  form.querySelector('button').hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    say();
    ask(form).catch(({ name }) => name === 'AbortError' || say(name === 'InvalidStateError' ? 'known' : 'failed'));
  });
  if ('waiting' in form.dataset) {
    PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => can && ask(form, 'conditional')).catch(() => {});
  }
}
