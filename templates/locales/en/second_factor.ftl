notice-code_failed = Too many wrong codes. Log in again to try once more.
notice-code_expired = That took too long. Log in again.

code-heading = Enter your verification code
code-hint = The 6 digits in your authenticator app
code-trust = { $days ->
    [one] Do not ask on this device for { $days } day
   *[other] Do not ask on this device for { $days } days
 }
code-submit = Verify
code-email-instead = Email me a code
code-recovery-instead = Use a recovery code
code-app-instead = Use your authenticator app
code-lost = Lost your phone? Your administrator can help you.
code-error-missing = Enter the 6-digit code
code-error-format = The code is 6 digits, for example 123456
code-error-wrong = That code is not correct. Enter the one that your app shows now.
code-error-used = { $seconds ->
    [one] That code has already been used. Wait { $seconds } second for the next one.
   *[other] That code has already been used. Wait { $seconds } seconds for the next one.
 }
code-error-drifting = That code belongs to another time. Set the clock of your phone to automatic, then enter a new code.
code-error-wrong_email = That code is not correct. Enter the code of the newest mail.
code-error-missing_recovery = Enter a recovery code
code-error-format_recovery = A recovery code is 16 letters and digits, for example ABCD-EFGH-IJKL-2345
code-error-wrong_recovery = That recovery code is not correct, or it has been used.
code-error-blocked = Too many attempts.
code-error-ceiling = Too many attempts. Your account is safe. Log in again and have a link mailed to you, or ask your administrator.
code-error-too_many_mails = We have sent you too many codes. Try again in an hour.
code-error-not_allowed = Your organisation does not allow authenticator apps. Ask its administrator which second factor to use.
code-error-frozen = Changes to this account are stopped, because somebody reported that it was not them. Reset your password first.

recovery-heading = Use a recovery code
recovery-label = Recovery code
recovery-hint = One of the ten codes you saved. Each works once.

email-code-heading = Enter the code from your email
email-code-label = Code
email-code-hint = The 6 digits in the mail
email-code-sent = We sent a code to { $address }. It works for { $minutes } minutes.
email-code-lost = No mail? Look in your spam folder. If you cannot read this mailbox any more, your administrator can help you.
email-code-send = Email me a code
email-code-again = Send a new code
email-code-wait = { $seconds ->
    [one] You can ask for a new code in { $seconds } second.
   *[other] You can ask for a new code in { $seconds } seconds.
 }

enroll-heading = Set up two-factor authentication
enroll-required = Your organisation asks for a second factor. Set it up now; it takes a minute.
enroll-client = { $client } asks for a second factor. Set it up now; it takes a minute.
totp-apps = Open an authenticator app on your phone, such as Google Authenticator, Microsoft Authenticator, Authy or 1Password, and scan the QR code, or type in the secret key.
totp-qr-alt = QR code. If you cannot scan it, use the secret key below.
totp-secret = Secret key
totp-account = Account
totp-kind = Type
totp-kind-value = Time-based, 6 digits, 30 seconds, SHA‑1
totp-open-app = Open in an app on this device
totp-keep = Save this secret key somewhere safe, or print this page: with it you can set up a new phone without turning two-factor authentication off.
totp-verify = Verify and enable

codes-heading = Save your recovery codes
codes-intro = If you lose your phone, one of these codes lets you in. Each works once. Keep them where nobody else can find them; we show them only now.
codes-download = Download as a text file
codes-saved = I have saved them
codes-anew = Make new recovery codes
codes-anew-text = New codes replace the old ones, which stop working at once.
recovery-codes = Recovery codes
recovery-codes-left = Recovery codes: { $left } of { $of } left

two-factor = Two-factor authentication
two-factor-on = On
two-factor-off = Off
two-factor-text = With a second factor, a password that somebody learned is not enough to log in.
two-factor-since = Your authenticator app has been in use since { $when }.
two-factor-enable = Enable two-factor authentication
two-factor-disable = Disable two-factor authentication
two-factor-disable-text = After this, your email and password are all it takes to log in. Your passkeys, recovery codes and trusted devices go, too, and your other devices are logged out.
two-factor-required = Your organisation asks for a second factor, so it cannot be turned off.
otp-options = One-Time Password Options
otp-first-text = Codes come from an authenticator app on your phone.
otp-new-text = A new phone, or somebody may have seen the code? Your present app keeps working until you have verified the new one.
otp-new = Request New QR code
otp-move = Move to a new app
otp-replace-text = Your present app keeps working until you enter a code of the new one.
otp-email = Receive one-time password via email
otp-email-fallback = Codes by email are asked for only as long as you have no authenticator app and no passkey.
devices-heading = Trusted devices
devices-text = On these devices you are not asked for a code when you log in.
devices-none = No devices: you are asked for a code wherever you log in with a second factor.
devices-unknown = Unknown device
devices-here = This device
devices-until = until { $when }
devices-forget = Forget
devices-forget-all = Forget all devices
code-confirm-text = This changes how you log in, so we ask for a code once more.
code-confirm-hint = The 6 digits in your authenticator app, or one of your recovery codes
totp-cancel = Back to Authentication
authentication-done-app_replaced = Your new app is in use. Codes of the old one do not work any more.
authentication-done-codes_saved = Two-factor authentication is on.
authentication-done-disabled = Two-factor authentication is off.
authentication-done-email_on = You can receive one-time passwords by email.
authentication-done-email_off = We do not send you one-time passwords by email any more.
authentication-done-device_forgotten = You will be asked for a code there again.
authentication-trouble-required = Your organisation asks for a second factor, so it cannot be turned off.
authentication-trouble-frozen = Changes to this account are stopped, because somebody reported that it was not them. Reset your password first.
authentication-trouble-email_off = One-time passwords by email are not allowed here.
authentication-trouble-email_unverified = Confirm your email address first.
