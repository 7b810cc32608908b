forgot-password = Forgot your password?
notice-password_reset = Password changed. Log in with your new password.
notice-password_reset-client = Password changed. Log in to continue to { $client }.

reset-heading = Reset your password
reset-intro = Enter the email address of your account. We will send you a link to choose a new password.
reset-submit = Send link
reset-error-email = Enter an email address, like name@example.com
reset-back = Back to log in
reset-back-client = Back to log in to { $client }

reset-sent-heading = Check your email
reset-sent-text = If an account exists for { $email }, we sent a link and a code there.
reset-sent-lasts = { $minutes ->
    [one] Both work once, for { $minutes } minute. You can close this page: the link works in any browser.
   *[other] Both work once, for { $minutes } minutes. You can close this page: the link works in any browser.
 }
reset-sent-again = If an account exists, another email is on its way. It may take a minute.
reset-code-label = Code from the email
reset-code-submit = Continue
reset-code-error-malformed = The code is 6 digits, for example 123456
reset-code-error-wrong = That code is not correct. Check the newest email.
reset-code-error-spent = This code can no longer be used. Use the link in the email, or send again.
reset-sent-nothing = No email?
reset-sent-nothing-text = Look in your spam folder, and check that the address is the one of your account.
send-again = Send again
send-new-link = Send a new link
use-different-email = Use a different email

reset-finish-heading = Choose a new password
reset-finish-text = You will be logged out everywhere else.
reset-finish-client = After that you can log in to continue to { $client }.
reset-save = Save

reset-dead-heading-used = This link has already been used
reset-dead-text-used = Each link changes the password once. If it was not you, send a new link and choose another password now.
reset-dead-heading-expired = This link has expired
reset-dead-text-expired = { $minutes ->
    [one] Links last { $minutes } minute. Your password has not changed.
   *[other] Links last { $minutes } minutes. Your password has not changed.
 }
reset-dead-heading-unknown = This link does not work
reset-dead-text-unknown = A newer link was sent, or part of this one is missing. Use the newest email, or send a new link.

not-me-heading-ask = This wasn’t you?
not-me-text-ask = If somebody else did something with the account { $email }, we can secure it now:
not-me-does-sessions = everybody is logged out, on every device and in every application
not-me-does-address = the account gets the address { $email } back
not-me-does-deletion = the account is not deleted
not-me-does-password = the password stops working, and nothing about the security of the account can be changed
not-me-does-mail = you get an email with a link to choose a new password, which opens the account again
not-me-does-administrators = the administrators are told
not-me-submit = Secure my account
not-me-otherwise = If it was you after all, just close this page.
not-me-heading-done = Your account is secured
not-me-text-done = Everybody has been logged out. We have sent you an email with a link to choose a new password.
not-me-heading-used = This was done before
not-me-text-used = The account has been secured with this link. If you still have no new password, reset it.
not-me-heading-expired = This link has expired
not-me-text-expired = It is too old to be used. Reset your password instead: that logs out everybody, too.
not-me-heading-unknown = This link does not work
not-me-text-unknown = Part of it may be missing. Open it from the email again, or reset your password: that logs out everybody, too.
not-me-heading-moved = This link does not work any more
not-me-text-moved = The account has another email address now, and it was changed more than three days ago. Tell your account administrator, who can give the account back to you.

unlock-heading-ask = Let me log in again
unlock-heading-sent = Check your email
unlock-heading-used = This link has been used
unlock-heading-expired = This link is too old
unlock-heading-unknown = This link does not work
unlock-heading-too_soon = Not yet
unlock-text-ask = Somebody tried many wrong passwords for { $email }. Your account is safe. After this, you can log in with this browser again; your password and your second factor stay as they are.
unlock-text-ask-codes = Somebody who knows the password of { $email } tried wrong codes. After this, you can enter your code again. If this was not you, change your password as soon as you are logged in.
unlock-text-sent = If there is an account with this address, we have sent a mail with a link to it. Open the link in this browser. It works once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
unlock-text-used = If you still cannot log in, ask for a new link on the login page.
unlock-text-expired = Ask for a new link on the login page.
unlock-text-unknown = It may have been cut off by your mail program, or your password has been changed since. Ask for a new link on the login page.
unlock-text-too_soon = The second factor can be unlocked by mail once a day. Wait until the pause is over, use a recovery code, or ask your administrator.
unlock-submit = Let me log in again
unlock-otherwise = If you did not ask for this, close this page: nothing changes.
