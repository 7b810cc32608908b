device-heading = Connect a device
device-intro = Enter the code that your device or program shows.
device-code-label = Code
device-code-hint = Eight letters, such as WDJB-MJHT. Capitals and the dash do not matter.
device-submit = Continue
device-warning = Enter only a code from a device in front of you. If somebody sent you the code, or a link to this page, close it: they want to get into your account.
device-error-missing = Enter the code that your device shows.
device-error-wrong = This code is not right, or it was used or has expired. Compare it with your device, or ask for a new one there.
device-error-limited = Too many codes were wrong.
device-confirm-heading = Connect { $client } to your account?
device-confirm-code = Is this the code on the device in front of you?
device-confirm-asked = { $minutes ->
    [0] The device asked less than a minute ago.
    [one] The device asked one minute ago.
   *[other] The device asked { $minutes } minutes ago.
 }
device-confirm-other-network = It is on another network than this browser.
device-confirm-warning = If somebody sent you the code or a link, or if the device is not yours, choose “Do not allow”: they would get into your account.
device-confirm-intro = If you allow it, { $client } on that device can:
device-confirm-allow = Yes, allow
device-confirm-deny = Do not allow
device-done-heading = You can go back to your device
device-done-heading-denied = Nothing was connected
device-done-allowed = { $client } goes on there in a few seconds. You can close this page.
device-done-denied = { $client } on that device gets nothing of yours. You can close this page.
device-done-account = You can take back what applications may do at any time:
device-done-applications = Connected applications
