// Sends the answer on at once, and once: a code that arrives twice ends what it opened. Who comes back to this page gets a new answer.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
document.getElementById('form-post-submit').disabled = true;
document.getElementById('form-post').submit();
