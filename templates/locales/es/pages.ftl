login-heading = Iniciar sesión
login-heading-client = Inicia sesión para continuar en { $client }
login-submit = Iniciar sesión
login-again = Vuelve a escribir tu contraseña para confirmar que eres tú.
login-error-refused = El correo electrónico o la contraseña no son correctos.
login-error-missing_email = Escribe tu correo electrónico
login-error-missing_password = Escribe tu contraseña
login-error-limited = Demasiados intentos.
login-error-ceiling = Se probaron demasiadas contraseñas incorrectas para esta cuenta. Está a salvo. Confirma por correo electrónico que eres tú, o restablece tu contraseña.
notice-unlocked = Ya puedes volver a iniciar sesión.
unlock-send = Enviarme un enlace por correo
notice-logged_out = Has cerrado la sesión
notice-form_refreshed = Esta página había caducado y se ha renovado. Vuelve a intentarlo.
notice-setup_done = Tu cuenta de administrador está lista. Inicia sesión con la nueva contraseña.

consent-heading = ¿Permitir que { $client } use tu cuenta?
consent-intro = Si lo permites, { $client } podrá:
consent-allow = Permitir
consent-deny = Cancelar
consent-destination = En ambos casos volverás a { $host }.
scope-openid = saber que eres tú
scope-profile = ver tu nombre y tu perfil
scope-email = ver tu dirección de correo electrónico
scope-phone = ver tu número de teléfono
scope-address = ver tu dirección postal
scope-offline_access = conservar este acceso cuando no estés presente
scope-other = usar el permiso

form-post-heading = Volver a { $client }
form-post-intro = Te llevamos de vuelta. Si no ocurre nada, pulsa Continuar.
form-post-submit = Continuar

choose-heading = Elige una cuenta
choose-intro = para continuar en { $client }
choose-signed-in = Sesión iniciada
choose-signed-out = Sesión cerrada: pide tu contraseña
choose-remove = Quitar
choose-remove-named = Quitar { $email } de esta lista
choose-another = Usar otra cuenta

logout-heading = ¿Quieres cerrar la sesión?
logout-text = Se cerrará la sesión aquí y en las aplicaciones que abriste con esta cuenta.
logout-asked = { $client } pide cerrar tu sesión, aquí y en las demás aplicaciones que abriste con esta cuenta.
logout-stay = Mantener la sesión

logged-out-heading = Has cerrado la sesión
logged-out-text = Ya puedes cerrar esta página.
logged-out-applications = Se está avisando a estas aplicaciones:
logged-out-not-returned = La aplicación pidió enviarte a una dirección que no está registrada para ella, así que no se te ha enviado allí.
logged-out-again = Volver a iniciar sesión

account-email-verified = Confirmado
account-email-unverified = Sin confirmar
account-administrator = Administrador
account-signed-in = Sesión iniciada el

setup-heading = Crea el primer administrador
setup-intro = Esta cuenta administrará { $brand }. El enlace que te trajo aquí funciona una sola vez.
setup-submit = Crear administrador
setup-error-email = Escribe una dirección de correo electrónico, como nombre@ejemplo.com
setup-error-email_taken = Ya existe una cuenta con este correo electrónico

home-heading = Un solo acceso para tus aplicaciones
home-text = { $brand } te identifica en las aplicaciones con las que trabajas. Abre una de ellas: cuando necesite saber quién eres, te traerá aquí.
home-developers = Para desarrolladores
home-issuer = Emisor
home-discovery = Documento de descubrimiento
home-keys = Claves de firma
