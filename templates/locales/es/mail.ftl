mail-hello = Hola:
mail-hello-name = Hola, { $name }:

mail-fact-account = Cuenta
mail-fact-time = Cuándo
mail-fact-address = Dirección IP
mail-fact-device = Dispositivo
mail-device = { $browser } en { $system }
mail-fact-application = Aplicación
mail-fact-new_email = Dirección nueva
mail-fact-passkey = Llave de acceso
mail-fact-reason = Motivo
mail-fact-person = Persona
mail-fact-organization = Organización
mail-fact-words = En sus palabras

mail-action-password_reset = Elegir una contraseña nueva
mail-action-confirm_email = Confirmar esta dirección
mail-action-invitation = Aceptar la invitación
mail-action-log_in = Iniciar sesión
mail-action-deletion = Conservar mi cuenta
mail-action-at = en { $host }
mail-not-me = No fui yo

mail-advice-not_me = Si no fuiste tú, puede que otra persona esté usando tu cuenta. Abre este enlace y confírmalo allí: se cierran todas las sesiones, no se puede cambiar nada en tu cuenta y eliges una contraseña nueva. O abre { $host } por tu cuenta y revisa Mi cuenta.
mail-advice-password_reset = Si no lo pediste tú, puedes ignorar este correo: tu contraseña no ha cambiado. No des el código a nadie, ni siquiera a quien diga que trabaja aquí.
mail-advice-one_time_code = No des este código a nadie, ni siquiera a quien diga que trabaja aquí. Si no estás iniciando sesión ahora mismo, alguien conoce tu contraseña: abre { $host } y cámbiala.
mail-advice-confirm_email = Si no lo pediste tú, puedes ignorar este correo: sin el código o el enlace no pasa nada.
mail-advice-invitation = Si no sabes por qué has recibido esta invitación, puedes ignorar este correo: no se crea ninguna cuenta hasta que aceptes.
mail-advice-already_registered = Si has olvidado tu contraseña, elige allí «¿Has olvidado tu contraseña?». Si no lo pediste tú, puedes ignorar este correo: no ha cambiado nada.
mail-advice-account_secured = Tu cuenta volverá a estar segura cuando elijas una contraseña nueva. Si otra persona puede leer tu correo, cambia también la contraseña de tu buzón.
mail-advice-administrator_notice = Habla con la persona, sin limitarte a responder un correo, antes de desbloquear nada o quitar un segundo factor.
mail-advice-account_deletion = Si es lo que quieres, no tienes que hacer nada. Si has cambiado de opinión, o si no fuiste tú, abre este enlace e inicia sesión: tu cuenta se conservará.
mail-advice-account_deletion_cancelled = Si no fuiste tú, abre { $host }, cambia tu contraseña y vuelve a pedir la eliminación.

mail-footer = { $brand } ({ $host }) envió este correo a { $email }.
mail-footer-answer = ¿Preguntas? Responde a este correo.
mail-footer-help = ¿Preguntas? Consulta { $where }
mail-footer-no-answer = Nadie lee las respuestas a este correo. ¿Preguntas? Habla con el administrador de tu cuenta.

mail-password_reset-subject = Restablece tu contraseña de { $brand }
mail-password_reset-text = Alguien, probablemente tú, pidió una contraseña nueva para tu cuenta de { $brand }. Abre el enlace o escribe el código en la página donde la pediste. Ambos sirven una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-one_time_code-subject = { $code } es tu contraseña de un solo uso de { $brand }
mail-one_time_code-text = Esta es tu contraseña de un solo uso de { $brand }. Escríbela en la página donde estás iniciando sesión. Sirve una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-confirm_email-subject = Confirma tu correo en { $brand }
mail-confirm_email-text = Confirma que esta es tu dirección en { $brand }: abre el enlace o escribe el código en la página donde indicaste la dirección. Ambos sirven una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-email_change_requested-subject = Tu correo en { $brand } está a punto de cambiar
mail-email_change_requested-text = Alguien, probablemente tú, pidió cambiar el correo de tu cuenta de { $brand }. Cambiará cuando se confirme la dirección nueva. Hasta entonces se sigue usando esta dirección.
mail-email_changed-subject = Se cambió tu correo en { $brand }
mail-email_changed-text = Se cambió el correo de tu cuenta de { $brand }. Esta dirección ya no sirve para iniciar sesión.
mail-already_registered-subject = Ya tienes una cuenta en { $brand }
mail-already_registered-text = Alguien, quizá tú, pidió una cuenta nueva en { $brand } con esta dirección. Ya tiene una: inicia sesión con ella.

mail-invitation-subject = Tienes una invitación a { $brand }
mail-invitation-text = Tienes una invitación para usar { $brand }. Abre el enlace para elegir tu contraseña. El enlace sirve una sola vez, durante { $days ->
    [one] { $days } día
   *[other] { $days } días
 }.
mail-invitation_from-subject = { $inviter } te ha invitado a { $brand }
mail-invitation_from-text = { $inviter } te invita a usar { $brand }. Abre el enlace para elegir tu contraseña. El enlace sirve una sola vez, durante { $days ->
    [one] { $days } día
   *[other] { $days } días
 }.
mail-new_device-subject = Nuevo inicio de sesión en tu cuenta de { $brand }
mail-new_device-text = Alguien inició sesión en tu cuenta de { $brand } desde un dispositivo que no conocíamos. Si fuiste tú, no tienes que hacer nada.
mail-password_changed-subject = Se cambió tu contraseña de { $brand }
mail-password_changed-text = Se cambió la contraseña de tu cuenta de { $brand }. Se cerró la sesión en los demás dispositivos.
mail-second_factor_enabled-subject = Se activó la autenticación en dos pasos en { $brand }
mail-second_factor_enabled-text = Se activó la autenticación en dos pasos en tu cuenta de { $brand }. A partir de ahora, para iniciar sesión se pedirá también un código. Guarda tus códigos de recuperación en un lugar seguro.
mail-second_factor_replaced-subject = Se verificó un nuevo código QR en { $brand }
mail-second_factor_replaced-text = Se configuró una nueva aplicación de autenticación en tu cuenta de { $brand }. La anterior ya no funciona.
mail-second_factor_disabled-subject = Se desactivó la autenticación en dos pasos en { $brand }
mail-second_factor_disabled-text = Se desactivó la autenticación en dos pasos en tu cuenta de { $brand }. Para iniciar sesión solo se piden tu correo y tu contraseña.
mail-second_factor_reset-subject = Un administrador quitó tu segundo factor en { $brand }
mail-second_factor_reset-text = Un administrador quitó el segundo factor de tu cuenta de { $brand } e indicó el motivo que ves abajo. Puedes configurar uno nuevo en Mi cuenta.
mail-email_codes_on-subject = Se activaron las contraseñas de un solo uso por correo en { $brand }
mail-email_codes_on-text = Ya puedes recibir por correo las contraseñas de un solo uso de tu cuenta de { $brand }.
mail-email_codes_off-subject = Se desactivaron las contraseñas de un solo uso por correo en { $brand }
mail-email_codes_off-text = Las contraseñas de un solo uso de tu cuenta de { $brand } ya no se envían por correo.
mail-passkey_added-subject = Se añadió una llave de acceso a tu cuenta de { $brand }
mail-passkey_added-text = Se añadió una llave de acceso a tu cuenta de { $brand }. Quien la tenga puede iniciar sesión con ella.
mail-passkey_removed-subject = Se quitó una llave de acceso de tu cuenta de { $brand }
mail-passkey_removed-text = Se quitó una llave de acceso de tu cuenta de { $brand }. Ya no sirve para iniciar sesión.
mail-recovery_code_used-subject = Se usó un código de recuperación de { $brand } ({ $left ->
    [0] no queda ninguno
    [one] queda { $left }
   *[other] quedan { $left }
 })
mail-recovery_code_used-text = Alguien inició sesión en tu cuenta de { $brand } con un código de recuperación. { $left ->
    [0] Era el último: genera otros nuevos en Mi cuenta.
    [one] Queda { $left } código de recuperación: genera otros nuevos en Mi cuenta.
   *[other] Quedan { $left } códigos de recuperación.
 }
mail-recovery_codes_replaced-subject = Se generaron nuevos códigos de recuperación en { $brand }
mail-recovery_codes_replaced-text = Se generaron nuevos códigos de recuperación para tu cuenta de { $brand }. Los anteriores ya no funcionan.
mail-second_factor_guessed-subject = { $attempts } códigos incorrectos en tu cuenta de { $brand }
mail-second_factor_guessed-text = Alguien escribió bien tu contraseña de { $brand } y después { $attempts ->
    [one] un código incorrecto
   *[other] { $attempts } códigos incorrectos
 }. Si no fuiste tú, alguien conoce tu contraseña.
mail-account_secured-subject = Tu cuenta de { $brand } quedó protegida
mail-account_secured-text = Nos avisaste de que algo no lo hiciste tú. Cerramos la sesión en todos los dispositivos y aplicaciones, y nadie puede cambiar nada en tu cuenta de { $brand } hasta que elijas una contraseña nueva.
mail-administrator_notice-subject = { $person } ha avisado de actividad sospechosa
mail-administrator_notice-text = Una persona de tu organización avisó a { $brand } de que algo en su cuenta no lo hizo ella. Se cerraron todas sus sesiones y su cuenta no admite cambios hasta que elija una contraseña nueva.
mail-account_deletion-subject = Tu cuenta de { $brand } se eliminará
mail-account_deletion-text = Alguien, probablemente tú, pidió eliminar tu cuenta de { $brand }. Se eliminará, con todo lo que contiene, el { $day }.
mail-account_deletion_cancelled-subject = Tu cuenta de { $brand } se conserva
mail-account_deletion_cancelled-text = Se canceló la eliminación de tu cuenta de { $brand }. No se perdió nada.

mail-action-unlock = Volver a iniciar sesión
mail-advice-unlock = Si no lo pediste tú, no abras el enlace: no cambia nada y tu cuenta está a salvo.
mail-advice-unlock_codes = Si no lo pediste tú, no abras el enlace. Alguien sabe tu contraseña: abre { $host } y cámbiala.
mail-unlock-subject = Vuelve a iniciar sesión en { $brand }
mail-unlock-text = Se probaron muchas contraseñas incorrectas para tu cuenta de { $brand }, así que dejamos de aceptar intentos. Tu cuenta está a salvo. Abre el enlace, en el navegador con el que quieres iniciar sesión, para poder volver a entrar. Sirve una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-unlock_codes-subject = Vuelve a escribir tu código de { $brand }
mail-unlock_codes-text = Alguien que sabe la contraseña de tu cuenta de { $brand } probó códigos incorrectos, así que dejamos de aceptar intentos. Abre el enlace, en el navegador con el que quieres iniciar sesión, para poder volver a escribir tu código. Sirve una sola vez, durante { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
