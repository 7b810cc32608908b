device-heading = Conectar un dispositivo
device-intro = Escribe el código que muestra tu dispositivo o programa.
device-code-label = Código
device-code-hint = Ocho letras, como WDJB-MJHT. Las mayúsculas y el guion no importan.
device-submit = Continuar
device-warning = Escribe solo un código de un dispositivo que tengas delante. Si alguien te envió el código o un enlace a esta página, ciérrala: quieren entrar en tu cuenta.
device-error-missing = Escribe el código que muestra tu dispositivo.
device-error-wrong = Este código no es correcto, o ya se usó o caducó. Compáralo con tu dispositivo, o pide allí uno nuevo.
device-error-limited = Demasiados códigos eran incorrectos.
device-confirm-heading = ¿Conectar { $client } a tu cuenta?
device-confirm-code = ¿Es este el código del dispositivo que tienes delante?
device-confirm-asked = { $minutes ->
    [0] El dispositivo lo pidió hace menos de un minuto.
    [one] El dispositivo lo pidió hace un minuto.
   *[other] El dispositivo lo pidió hace { $minutes } minutos.
 }
device-confirm-other-network = Está en una red distinta de la de este navegador.
device-confirm-warning = Si alguien te envió el código o un enlace, o si el dispositivo no es tuyo, elige «No permitir»: esa persona entraría en tu cuenta.
device-confirm-intro = Si lo permites, { $client } en ese dispositivo podrá:
device-confirm-allow = Sí, permitir
device-confirm-deny = No permitir
device-done-heading = Puedes volver a tu dispositivo
device-done-heading-denied = No se conectó nada
device-done-allowed = { $client } continúa allí en unos segundos. Puedes cerrar esta página.
device-done-denied = { $client } en ese dispositivo no recibe nada tuyo. Puedes cerrar esta página.
device-done-account = Puedes retirar en cualquier momento lo que pueden hacer las aplicaciones:
device-done-applications = Aplicaciones conectadas
