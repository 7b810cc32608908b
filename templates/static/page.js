// Nothing here is needed: it shows a password on request and keeps a double click from posting a form twice.
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
