error-prefix = Error:
help = Help
languages = Language
there-is-a-problem = There is a problem
show = Show
show-password = Show password
log-out = Log out
my-account = My Account
signed-in-as = Logged in as
logging-in-as = Logging in as
another-account-link = Not you? Use another account
client-policy = Privacy policy of { $client }
client-terms = Terms of { $client }

email-label = Email
password-label = Password
name-label = Full name
new-password-label = New password
new-password-hint = At least { $min } characters. Any characters, including spaces.
new-password-again-label = Confirm new password

moment = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
 } { $year }, { $clock } UTC

wait-seconds = { $count ->
    [one] Try again in { $count } second.
   *[other] Try again in { $count } seconds.
 }
wait-minutes = { $count ->
    [one] Try again in { $count } minute.
   *[other] Try again in { $count } minutes.
 }
wait-hours = { $count ->
    [one] Try again in { $count } hour.
   *[other] Try again in { $count } hours.
 }
