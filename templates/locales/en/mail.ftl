mail-hello = Hello,
mail-hello-name = Hello { $name },

mail-fact-account = Account
mail-fact-time = When
mail-fact-address = IP address
mail-fact-device = Device
mail-device = { $browser } on { $system }
mail-fact-application = Application
mail-fact-new_email = New address
mail-fact-passkey = Passkey
mail-fact-reason = Reason
mail-fact-person = Person
mail-fact-organization = Organization
mail-fact-words = In their words

mail-action-password_reset = Choose a new password
mail-action-confirm_email = Confirm this address
mail-action-invitation = Accept the invitation
mail-action-log_in = Log in
mail-action-deletion = Keep my account
mail-action-at = at { $host }
mail-not-me = This wasn’t me

mail-advice-not_me = If this was not you, somebody else may be able to use your account. Open this link and confirm there: every device is logged out, nothing in your account can be changed, and you choose a new password. Or open { $host } yourself and look at My Account.
mail-advice-password_reset = If you did not ask for this, you can ignore this mail: your password has not changed. Never give the code to anybody, not even to somebody who says they work here.
mail-advice-one_time_code = Never give this code to anybody, not even to somebody who says they work here. If you are not logging in right now, somebody knows your password: open { $host } and change it.
mail-advice-confirm_email = If you did not ask for this, you can ignore this mail: without the code or the link nothing happens.
mail-advice-invitation = If you do not know why you were invited, you can ignore this mail: no account is made before you accept.
mail-advice-already_registered = If you forgot your password, choose “Forgot your password?” there. If you did not ask for this, you can ignore this mail: nothing has changed.
mail-advice-account_secured = Your account is safe again once you have chosen a new password. If your mail could be read by somebody else, change the password of your mailbox too.
mail-advice-administrator_notice = Talk to the person, not by answering a mail, before you unlock anything or take away a second factor.
mail-advice-account_deletion = If you want this, you need not do anything. If you changed your mind, or this was not you, open this link and log in: your account stays.
mail-advice-account_deletion_cancelled = If this was not you, open { $host }, change your password and ask for the deletion again.

mail-footer = { $brand } ({ $host }) sent this mail to { $email }.
mail-footer-answer = Questions? Answer this mail.
mail-footer-help = Questions? See { $where }
mail-footer-no-answer = Nobody reads answers to this mail. Questions? Ask your account administrator.

mail-password_reset-subject = Reset your { $brand } password
mail-password_reset-text = Somebody, most likely you, asked for a new password for your { $brand } account. Open the link, or enter the code on the page where you asked. Both work once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
mail-one_time_code-subject = { $code } is your { $brand } one-time password
mail-one_time_code-text = This is your one-time password for { $brand }. Enter it on the page where you are logging in. It works once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
mail-confirm_email-subject = Confirm your email for { $brand }
mail-confirm_email-text = Confirm that this is your address for { $brand }: open the link, or enter the code on the page where you typed the address. Both work once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
mail-email_change_requested-subject = Your { $brand } email is about to change
mail-email_change_requested-text = Somebody, most likely you, asked to change the email of your { $brand } account. It changes when the new address is confirmed. Until then this address stays in use.
mail-email_changed-subject = Your { $brand } email was changed
mail-email_changed-text = The email of your { $brand } account was changed. This address can no longer be used to log in.
mail-already_registered-subject = You already have an account at { $brand }
mail-already_registered-text = Somebody, perhaps you, asked for a new account at { $brand } with this address. It has one already: log in with it.

mail-invitation-subject = You are invited to { $brand }
mail-invitation-text = You are invited to use { $brand }. Open the link to choose your password. The link works once, for { $days ->
    [one] { $days } day
   *[other] { $days } days
 }.
mail-invitation_from-subject = { $inviter } invited you to { $brand }
mail-invitation_from-text = { $inviter } invites you to use { $brand }. Open the link to choose your password. The link works once, for { $days ->
    [one] { $days } day
   *[other] { $days } days
 }.
mail-new_device-subject = New login to your { $brand } account
mail-new_device-text = Somebody logged in to your { $brand } account from a device we have not seen before. If this was you, you need not do anything.
mail-password_changed-subject = Your { $brand } password was changed
mail-password_changed-text = The password of your { $brand } account was changed. Other devices were logged out.
mail-second_factor_enabled-subject = Two-factor authentication was turned on for { $brand }
mail-second_factor_enabled-text = Two-factor authentication was turned on for your { $brand } account. From now on, logging in asks for a code too. Keep your recovery codes in a safe place.
mail-second_factor_replaced-subject = A new QR code was verified for { $brand }
mail-second_factor_replaced-text = A new authenticator app was set up for your { $brand } account. The old one no longer works.
mail-second_factor_disabled-subject = Two-factor authentication was turned off for { $brand }
mail-second_factor_disabled-text = Two-factor authentication was turned off for your { $brand } account. Logging in asks for your email and password only.
mail-second_factor_reset-subject = An administrator removed your second factor at { $brand }
mail-second_factor_reset-text = An administrator removed the second factor of your { $brand } account and gave the reason below. You can set up a new one in My Account.
mail-email_codes_on-subject = One-time passwords by email were turned on for { $brand }
mail-email_codes_on-text = You can now receive one-time passwords for your { $brand } account by email.
mail-email_codes_off-subject = One-time passwords by email were turned off for { $brand }
mail-email_codes_off-text = One-time passwords for your { $brand } account are no longer sent by email.
mail-passkey_added-subject = A passkey was added to your { $brand } account
mail-passkey_added-text = A passkey was added to your { $brand } account. Whoever has it can log in with it.
mail-passkey_removed-subject = A passkey was removed from your { $brand } account
mail-passkey_removed-text = A passkey was removed from your { $brand } account. It can no longer be used to log in.
mail-recovery_code_used-subject = A recovery code was used for { $brand } ({ $left } left)
mail-recovery_code_used-text = Somebody logged in to your { $brand } account with a recovery code. { $left ->
    [0] It was the last one: make new ones in My Account.
    [one] You have { $left } recovery code left: make new ones in My Account.
   *[other] You have { $left } recovery codes left.
 }
mail-recovery_codes_replaced-subject = New recovery codes were made for { $brand }
mail-recovery_codes_replaced-text = New recovery codes were made for your { $brand } account. The old ones no longer work.
mail-second_factor_guessed-subject = { $attempts } wrong codes for your { $brand } account
mail-second_factor_guessed-text = Somebody entered your { $brand } password correctly and then { $attempts ->
    [one] a wrong code
   *[other] { $attempts } wrong codes
 }. If this was not you, somebody knows your password.
mail-account_secured-subject = Your { $brand } account was secured
mail-account_secured-text = You told us that something was not you. We logged out every device and application, and nobody can change anything in your { $brand } account until you have chosen a new password.
mail-administrator_notice-subject = { $person } reported suspicious activity
mail-administrator_notice-text = A person in your organization told { $brand } that something in their account was not them. They were logged out everywhere, and their account takes no changes until they have chosen a new password.
mail-account_deletion-subject = Your { $brand } account will be deleted
mail-account_deletion-text = Somebody, most likely you, asked to delete your { $brand } account. It will be deleted, with everything in it, on { $day }.
mail-account_deletion_cancelled-subject = Your { $brand } account stays
mail-account_deletion_cancelled-text = The deletion of your { $brand } account was cancelled. Nothing was lost.

mail-action-unlock = Let me log in again
mail-advice-unlock = If you did not ask for this, do not open the link: nothing changes, and your account is safe.
mail-advice-unlock_codes = If you did not ask for this, do not open the link. Somebody knows your password: open { $host } and change it.
mail-unlock-subject = Log in to { $brand } again
mail-unlock-text = Many wrong passwords were tried for your { $brand } account, so we stopped trying any. Your account is safe. Open the link, in the browser you want to log in with, to be able to log in again. It works once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
mail-unlock_codes-subject = Enter your { $brand } code again
mail-unlock_codes-text = Wrong codes were tried for your { $brand } account by somebody who knows its password, so we stopped trying any. Open the link, in the browser you want to log in with, to be able to enter your code again. It works once, for { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
 }.
