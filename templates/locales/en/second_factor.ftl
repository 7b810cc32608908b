notice-code_failed = Too many wrong codes. Log in again to try once more.
notice-code_expired = That took too long. Log in again.

code-heading = Enter your verification code
code-label = Verification code
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
code-error-wrong = That code is not correct. Codes change every 30 seconds: enter the one that is shown now.
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
code-error-ceiling = Too many attempts. Your account is safe; ask your administrator to let you try again.
code-error-too_many_mails = We have sent you too many codes. Try again in an hour.
code-error-frozen = Changes to this account are stopped, because somebody reported that it was not them. Reset your password first.

recovery-heading = Use a recovery code
recovery-label = Recovery code
recovery-hint = One of the ten codes you saved. Each works once.

email-code-heading = Enter the code from your email
email-code-label = Code
email-code-hint = The 6 digits in the mail
email-code-sent = We sent a code to { $address }. It works for { $minutes } minutes.
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
totp-kind-value = Time-based, 6 digits, 30 seconds, SHA-1
totp-open-app = Open in an app on this device
totp-keep = Save this secret key somewhere safe, or print this page: with it you can set up a new phone without turning two-factor authentication off.
totp-verify = Verify and enable

codes-heading = Save your recovery codes
codes-intro = If you lose your phone, one of these codes lets you in. Each works once. Keep them where nobody else can find them; we show them only now.
codes-download = Download as a text file
codes-saved = I have saved them
