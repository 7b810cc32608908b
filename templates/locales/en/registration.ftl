notice-account_created = Your account is ready. Log in with your new password.

mailed-code-error-malformed = The code is 6 digits, for example 123456
mailed-code-error-wrong = That code is not correct. Check the newest email.
mailed-code-error-spent = This code can no longer be used. Ask for a new email.

confirm-email-heading-code = Check your email
confirm-email-text-code = We sent a link and a code to { $email }. Open the link, or enter the code here.
confirm-email-heading-confirm = Confirm your email
confirm-email-text-confirm = Is { $email } your address?
confirm-email-heading-change = Change your email
confirm-email-text-change = From now on you will log in with { $email }, and we will write to you there.
confirm-email-submit = Confirm
confirm-email-heading-done = Your email is confirmed
confirm-email-text-done = Thank you. You can close this page.
confirm-email-heading-used = This link has already been used
confirm-email-text-used = The address was confirmed with it before.
confirm-email-heading-expired = This link has expired
confirm-email-text-expired = Ask for a new one in My Account.
confirm-email-heading-unknown = This link does not work
confirm-email-text-unknown = Part of it is missing, or the account has changed since. Ask for a new one in My Account.
confirm-email-heading-taken = This address cannot be used
confirm-email-text-taken = Choose another address in My Account.

sign-up-heading = Create an account
sign-up-heading-client = Create an account to continue to { $client }
sign-up-intro = Enter your email address. We will send you a link to choose your password.
sign-up-submit = Continue
sign-up-log-in = Log in
sign-up-error-email = Enter an email address, like name@example.com
sign-up-error-mixed_scripts = Use letters of one script in each part of the address.
sign-up-error-domain = Use an address that ends in one of: { $domains }
sign-up-closed-heading = No accounts can be created here
sign-up-closed-invitation = Accounts are made by invitation. Ask the administrator of your organisation to invite you.
sign-up-closed-off = Accounts are made by the administrators. Ask them for one.
sign-up-sent-text = We sent an email to { $email }. Open its link, or enter its code here, to create your account.
sign-up-sent-nothing = Look in your spam folder, and check that you typed your address correctly.

join-heading = Create your account
join-heading-organization = Create your account at { $organization }
join-submit = Create account
join-dead-heading-used = This account has been created
join-dead-text-used = The link works once. Log in with your email and password.
join-dead-heading-expired = This link has expired
join-dead-heading-unknown = This link does not work
join-dead-text-invited = Ask whoever invited you for a new invitation.
join-dead-text-again = Ask for a new email to create your account.
join-dead-again = Start again
