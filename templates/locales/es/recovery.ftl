forgot-password = ¿Has olvidado tu contraseña?
notice-password_reset = Contraseña cambiada. Inicia sesión con la nueva contraseña.
notice-password_reset-client = Contraseña cambiada. Inicia sesión para continuar en { $client }.

reset-heading = Restablece tu contraseña
reset-intro = Escribe la dirección de correo de tu cuenta. Te enviaremos un enlace para elegir una contraseña nueva.
reset-submit = Enviar enlace
reset-error-email = Escribe una dirección de correo, como nombre@ejemplo.com
reset-back = Volver a iniciar sesión
reset-back-client = Volver a iniciar sesión en { $client }

reset-sent-heading = Revisa tu correo
reset-sent-text = Si existe una cuenta para { $email }, hemos enviado allí un enlace y un código.
reset-sent-lasts = { $minutes ->
    [one] Ambos sirven una sola vez, durante { $minutes } minuto. Puedes cerrar esta página: el enlace funciona en cualquier navegador.
   *[other] Ambos sirven una sola vez, durante { $minutes } minutos. Puedes cerrar esta página: el enlace funciona en cualquier navegador.
 }
reset-sent-again = Si la cuenta existe, otro correo va en camino. Puede tardar un minuto.
reset-code-label = Código del correo
reset-code-submit = Continuar
reset-code-error-malformed = El código tiene 6 dígitos, por ejemplo 123456
reset-code-error-wrong = Ese código no es correcto. Mira el correo más reciente.
reset-code-error-spent = Este código ya no se puede usar. Usa el enlace del correo o envíalo de nuevo.
reset-sent-nothing = ¿No llega el correo?
reset-sent-nothing-text = Mira la carpeta de correo no deseado y comprueba que la dirección sea la de tu cuenta.
send-again = Enviar de nuevo
send-new-link = Enviar un enlace nuevo
use-different-email = Usar otro correo

reset-finish-heading = Elige una contraseña nueva
reset-finish-text = Se cerrará tu sesión en todos los demás sitios.
reset-finish-client = Después podrás iniciar sesión para continuar en { $client }.
reset-save = Guardar

reset-dead-heading-used = Este enlace ya se usó
reset-dead-text-used = Cada enlace cambia la contraseña una sola vez. Si no fuiste tú, envía un enlace nuevo y elige otra contraseña ahora.
reset-dead-heading-expired = Este enlace ha caducado
reset-dead-text-expired = { $minutes ->
    [one] Los enlaces duran { $minutes } minuto. Tu contraseña no ha cambiado.
   *[other] Los enlaces duran { $minutes } minutos. Tu contraseña no ha cambiado.
 }
reset-dead-heading-unknown = Este enlace no funciona
reset-dead-text-unknown = Se envió un enlace más reciente, o falta una parte de este. Usa el correo más reciente o envía un enlace nuevo.

not-me-heading-ask = ¿No fuiste tú?
not-me-text-ask = Si otra persona hizo algo con la cuenta { $email }, podemos protegerla ahora:
not-me-does-sessions = se cierran todas las sesiones, en todos los dispositivos y aplicaciones
not-me-does-address = la cuenta recupera la dirección { $email }
not-me-does-deletion = la cuenta no se elimina
not-me-does-password = la contraseña deja de funcionar y nada en la seguridad de la cuenta se puede cambiar
not-me-does-mail = recibes un correo con un enlace para elegir una contraseña nueva, que vuelve a abrir la cuenta
not-me-does-administrators = se avisa a los administradores
not-me-submit = Proteger mi cuenta
not-me-otherwise = Si al final fuiste tú, cierra esta página sin más.
not-me-heading-done = Tu cuenta está protegida
not-me-text-done = Se han cerrado todas las sesiones. Te hemos enviado un correo con un enlace para elegir una contraseña nueva.
not-me-heading-used = Esto ya se hizo
not-me-text-used = La cuenta se protegió con este enlace. Si aún no tienes una contraseña nueva, restablécela.
not-me-heading-expired = Este enlace ha caducado
not-me-text-expired = Es demasiado antiguo. Restablece tu contraseña: eso también cierra todas las sesiones.
not-me-heading-unknown = Este enlace no funciona
not-me-text-unknown = Puede que falte una parte. Ábrelo de nuevo desde el correo o restablece tu contraseña: eso también cierra todas las sesiones.
not-me-heading-moved = Este enlace ya no funciona
not-me-text-moved = La cuenta tiene ahora otra dirección de correo, cambiada hace más de tres días. Avisa al administrador de la cuenta, que puede devolvértela.

unlock-heading-ask = Volver a iniciar sesión
unlock-heading-sent = Revisa tu correo
unlock-heading-used = Este enlace ya se usó
unlock-heading-expired = Este enlace es demasiado antiguo
unlock-heading-unknown = Este enlace no funciona
unlock-heading-too_soon = Todavía no
unlock-text-ask = Alguien probó muchas contraseñas incorrectas para { $email }. Tu cuenta está a salvo. Después de esto podrás volver a iniciar sesión con este navegador; tu contraseña y tu segundo factor siguen igual.
unlock-text-ask-codes = Alguien que sabe la contraseña de { $email } probó códigos incorrectos. Después de esto podrás volver a escribir tu código. Si no fuiste tú, cambia la contraseña en cuanto inicies sesión.
unlock-text-sent = Si hay una cuenta con esta dirección, le hemos enviado un correo con un enlace. Ábrelo en este navegador. Sirve una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
unlock-text-used = Si todavía no puedes iniciar sesión, pide un enlace nuevo en la página de inicio de sesión.
unlock-text-expired = Pide un enlace nuevo en la página de inicio de sesión.
unlock-text-unknown = Puede que tu programa de correo lo haya cortado, o que tu contraseña haya cambiado desde entonces. Pide un enlace nuevo en la página de inicio de sesión.
unlock-text-too_soon = El segundo factor se puede desbloquear por correo una vez al día. Espera a que termine la pausa, usa un código de recuperación o habla con tu administrador.
unlock-submit = Volver a iniciar sesión
unlock-otherwise = Si no lo pediste tú, cierra esta página: no cambia nada.
