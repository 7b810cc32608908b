notice-code_failed = Demasiados códigos incorrectos. Inicia sesión de nuevo para volver a intentarlo.
notice-code_expired = Ha tardado demasiado. Inicia sesión de nuevo.

code-heading = Escribe tu código de verificación
code-hint = Los 6 dígitos de tu aplicación de autenticación
code-trust = { $days ->
    [one] No preguntar en este dispositivo durante { $days } día
   *[other] No preguntar en este dispositivo durante { $days } días
 }
code-submit = Verificar
code-email-instead = Enviarme un código por correo
code-recovery-instead = Usar un código de recuperación
code-app-instead = Usar la aplicación de autenticación
code-lost = ¿Has perdido el teléfono? Tu administrador puede ayudarte.
code-error-missing = Escribe el código de 6 dígitos
code-error-format = El código tiene 6 dígitos, por ejemplo 123456
code-error-wrong = Ese código no es correcto. Escribe el que tu aplicación muestra ahora.
code-error-used = { $seconds ->
    [one] Ese código ya se ha usado. Espera { $seconds } segundo al siguiente.
   *[other] Ese código ya se ha usado. Espera { $seconds } segundos al siguiente.
 }
code-error-drifting = Ese código es de otro momento. Pon el reloj del teléfono en automático y escribe un código nuevo.
code-error-wrong_email = Ese código no es correcto. Escribe el código del correo más reciente.
code-error-missing_recovery = Escribe un código de recuperación
code-error-format_recovery = Un código de recuperación tiene 16 letras y dígitos, por ejemplo ABCD-EFGH-IJKL-2345
code-error-wrong_recovery = Ese código de recuperación no es correcto o ya se ha usado.
code-error-blocked = Demasiados intentos.
code-error-ceiling = Demasiados intentos. Tu cuenta está a salvo. Vuelve a iniciar sesión y pide un enlace por correo, o habla con tu administrador.
code-error-too_many_mails = Te hemos enviado demasiados códigos. Inténtalo de nuevo en una hora.
code-error-not_allowed = Tu organización no permite aplicaciones de autenticación. Pregunta a su administrador qué segundo factor debes usar.
code-error-frozen = Los cambios en esta cuenta están detenidos porque alguien avisó de que no fue obra suya. Restablece antes la contraseña.

recovery-heading = Usar un código de recuperación
recovery-label = Código de recuperación
recovery-hint = Uno de los diez códigos que guardaste. Cada uno sirve una vez.

email-code-heading = Escribe el código del correo
email-code-label = Código
email-code-hint = Los 6 dígitos del correo
email-code-sent = Hemos enviado un código a { $address }. Sirve durante { $minutes } minutos.
email-code-lost = ¿No te llega? Mira en la carpeta de spam. Si ya no puedes leer ese buzón, tu administrador puede ayudarte.
email-code-send = Enviarme un código por correo
email-code-again = Enviar un código nuevo
email-code-wait = { $seconds ->
    [one] Puedes pedir un código nuevo en { $seconds } segundo.
   *[other] Puedes pedir un código nuevo en { $seconds } segundos.
 }

enroll-heading = Configurar la autenticación en dos pasos
enroll-required = Tu organización pide un segundo factor. Configúralo ahora; solo lleva un minuto.
enroll-client = { $client } pide un segundo factor. Configúralo ahora; solo lleva un minuto.
totp-apps = Abre en el teléfono una aplicación de autenticación, como Google Authenticator, Microsoft Authenticator, Authy o 1Password, y escanea el código QR o escribe la clave secreta.
totp-qr-alt = Código QR. Si no puedes escanearlo, usa la clave secreta de abajo.
totp-secret = Clave secreta
totp-account = Cuenta
totp-kind = Tipo
totp-kind-value = Basado en el tiempo, 6 dígitos, 30 segundos, SHA‑1
totp-open-app = Abrir en una aplicación de este dispositivo
totp-keep = Guarda esta clave secreta en un lugar seguro o imprime esta página: con ella puedes configurar un teléfono nuevo sin desactivar la autenticación en dos pasos.
totp-verify = Verificar y activar

codes-heading = Guarda tus códigos de recuperación
codes-intro = Si pierdes el teléfono, uno de estos códigos te deja entrar. Cada uno sirve una vez. Guárdalos donde nadie más los encuentre; solo los mostramos ahora.
codes-download = Descargar como archivo de texto
codes-saved = Ya los he guardado
codes-anew = Crear códigos de recuperación nuevos
codes-anew-text = Los códigos nuevos sustituyen a los anteriores, que dejan de servir al momento.
recovery-codes = Códigos de recuperación
recovery-codes-left = Códigos de recuperación: quedan { $left } de { $of }

two-factor = Autenticación en dos pasos
two-factor-on = Activada
two-factor-off = Desactivada
two-factor-text = Con un segundo factor, una contraseña que alguien haya averiguado no basta para entrar.
two-factor-since = Tu aplicación de autenticación se usa desde el { $when }.
two-factor-enable = Activar la autenticación en dos pasos
two-factor-disable = Desactivar la autenticación en dos pasos
two-factor-disable-text = Después bastan tu correo y tu contraseña para entrar. También se eliminan las llaves de acceso, los códigos de recuperación y los dispositivos de confianza, y se cierra la sesión en tus otros dispositivos.
two-factor-required = Tu organización pide un segundo factor, así que no se puede desactivar.
otp-options = Opciones de contraseña de un solo uso
otp-first-text = Los códigos vienen de una aplicación de autenticación en tu teléfono.
otp-new-text = ¿Teléfono nuevo, o alguien ha podido ver el código? La aplicación actual sigue funcionando hasta que verifiques la nueva.
otp-new = Solicitar un código QR nuevo
otp-move = Pasar a una aplicación nueva
otp-replace-text = La aplicación actual sigue funcionando hasta que escribas un código de la nueva.
otp-email = Recibir la contraseña de un solo uso por correo
otp-email-fallback = Los códigos por correo solo se piden mientras no tengas una aplicación de autenticación ni una llave de acceso.
devices-heading = Dispositivos de confianza
devices-text = En estos dispositivos no te pedimos un código al iniciar sesión.
devices-none = Ninguno: te pedimos un código dondequiera que inicies sesión con un segundo factor.
devices-unknown = Dispositivo desconocido
devices-here = Este dispositivo
devices-until = hasta el { $when }
devices-forget = Olvidar
devices-forget-all = Olvidar todos los dispositivos
code-confirm-text = Esto cambia cómo inicias sesión, así que te pedimos un código una vez más.
code-confirm-hint = Los 6 dígitos de tu aplicación de autenticación o uno de tus códigos de recuperación
totp-cancel = Volver a Autenticación
authentication-done-app_replaced = Tu aplicación nueva ya está en uso. Los códigos de la anterior ya no sirven.
authentication-done-codes_saved = La autenticación en dos pasos está activada.
authentication-done-disabled = La autenticación en dos pasos está desactivada.
authentication-done-email_on = Puedes recibir contraseñas de un solo uso por correo.
authentication-done-email_off = Ya no te enviamos contraseñas de un solo uso por correo.
authentication-done-device_forgotten = Allí volveremos a pedirte un código.
authentication-trouble-required = Tu organización pide un segundo factor, así que no se puede desactivar.
authentication-trouble-frozen = Los cambios en esta cuenta están detenidos porque alguien avisó de que no fue obra suya. Restablece antes la contraseña.
authentication-trouble-email_off = Aquí no se permiten contraseñas de un solo uso por correo.
authentication-trouble-email_unverified = Confirma antes tu dirección de correo.
