login-heading = Log in
login-heading-client = Log in to continue to { $client }
login-submit = Log in
login-again = Enter your password again to confirm that it is you.
login-error-refused = The email or password is not correct.
login-error-missing_email = Enter your email
login-error-missing_password = Enter your password
login-error-limited = Too many attempts.
login-error-ceiling = Too many wrong passwords were tried for this account. It is safe. Confirm by email that it is you, or reset your password.
notice-unlocked = You can log in again.
unlock-send = Email me a link
notice-logged_out = You have logged out
notice-form_refreshed = This page was out of date. Here is a fresh one: please try again.
notice-setup_done = Your administrator account is ready. Log in with your new password.

consent-heading = Allow { $client } to use your account?
consent-intro = If you allow it, { $client } can:
consent-allow = Allow
consent-deny = Cancel
consent-destination = Either way you go back to { $host }.
scope-openid = know that it is you
scope-profile = see your name and profile
scope-email = see your email address
scope-phone = see your phone number
scope-address = see your postal address
scope-offline_access = keep this access while you are away
scope-other = use the permission

form-post-heading = Back to { $client }
form-post-intro = You are being sent back. If nothing happens, press Continue.
form-post-submit = Continue

choose-heading = Choose an account
choose-intro = to continue to { $client }
choose-signed-in = Logged in
choose-signed-out = Logged out: asks for your password
choose-remove = Remove
choose-remove-named = Remove { $email } from this list
choose-another = Use another account

logout-heading = Do you want to log out?
logout-text = You will be logged out here and in the applications you opened with this account.
logout-asked = { $client } asks to log you out, here and in the other applications you opened with this account.
logout-stay = Stay logged in

logged-out-heading = You have logged out
logged-out-text = You can close this page.
logged-out-applications = These applications are being told:
logged-out-not-returned = The application asked to send you to an address that is not registered for it, so you were not sent there.
logged-out-again = Log in again

account-email-verified = Confirmed
account-email-unverified = Not confirmed
account-administrator = Administrator
account-signed-in = Logged in since

setup-heading = Create the first administrator
setup-intro = This account will manage { $brand }. The link that brought you here works once.
setup-submit = Create administrator
setup-error-email = Enter an email address, like name@example.com
setup-error-email_taken = There is already an account with this email

home-heading = One login for your applications
home-text = { $brand } signs you in to the applications you work with. Open one of them and it brings you here when it needs to know who you are.
home-developers = For developers
home-issuer = Issuer
home-discovery = Discovery document
home-keys = Signing keys
