notice-account_created = Tu cuenta está lista. Inicia sesión con la nueva contraseña.

mailed-code-error-malformed = El código tiene 6 dígitos, por ejemplo 123456
mailed-code-error-wrong = Ese código no es correcto. Mira el correo más reciente.
mailed-code-error-spent = Este código ya no se puede usar. Pide un correo nuevo.

confirm-email-heading-code = Revisa tu correo
confirm-email-text-code = Hemos enviado un enlace y un código a { $email }. Abre el enlace o escribe el código aquí.
confirm-email-heading-confirm = Confirma tu correo
confirm-email-text-confirm = ¿Es { $email } tu dirección?
confirm-email-heading-change = Cambia tu correo
confirm-email-text-change = Desde ahora iniciarás sesión con { $email }, y te escribiremos allí.
confirm-email-submit = Confirmar
confirm-email-heading-done = Tu correo está confirmado
confirm-email-text-done = Gracias. Ya puedes cerrar esta página.
confirm-email-heading-used = Este enlace ya se usó
confirm-email-text-used = La dirección ya se confirmó con él.
confirm-email-heading-expired = Este enlace ha caducado
confirm-email-text-expired = Pide uno nuevo en Mi cuenta.
confirm-email-heading-unknown = Este enlace no funciona
confirm-email-text-unknown = Falta una parte, o la cuenta ha cambiado desde entonces. Pide uno nuevo en Mi cuenta.
confirm-email-heading-taken = Esta dirección no se puede usar
confirm-email-text-taken = Elige otra dirección en Mi cuenta.

sign-up-heading = Crea una cuenta
sign-up-heading-client = Crea una cuenta para continuar en { $client }
sign-up-intro = Escribe tu dirección de correo. Te enviaremos un enlace para elegir tu contraseña.
sign-up-submit = Continuar
sign-up-log-in = Iniciar sesión
sign-up-error-email = Escribe una dirección de correo, como nombre@ejemplo.com
sign-up-error-mixed_scripts = Usa letras de un solo alfabeto en cada parte de la dirección.
sign-up-error-domain = Usa una dirección que termine en una de estas: { $domains }
sign-up-closed-heading = Aquí no se pueden crear cuentas
sign-up-closed-invitation = Las cuentas se crean por invitación. Pide a quien administra tu organización que te invite.
sign-up-closed-off = Las cuentas las crean los administradores. Pídeles una.
sign-up-sent-text = Hemos enviado un correo a { $email }. Abre su enlace, o escribe aquí su código, para crear tu cuenta.
sign-up-sent-nothing = Mira la carpeta de correo no deseado y comprueba que has escrito bien tu dirección.

join-heading = Crea tu cuenta
join-heading-organization = Crea tu cuenta en { $organization }
join-submit = Crear cuenta
join-dead-heading-used = Esta cuenta ya se creó
join-dead-text-used = El enlace sirve una sola vez. Inicia sesión con tu correo y tu contraseña.
join-dead-heading-expired = Este enlace ha caducado
join-dead-heading-unknown = Este enlace no funciona
join-dead-text-invited = Pide una invitación nueva a quien te invitó.
join-dead-text-again = Pide un correo nuevo para crear tu cuenta.
join-dead-again = Empezar de nuevo
