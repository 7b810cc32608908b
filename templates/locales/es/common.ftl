error-prefix = Error:
help = Ayuda
languages = Idioma
there-is-a-problem = Hay un problema
show = Mostrar
show-password = Mostrar contraseña
log-out = Cerrar sesión
my-account = Mi cuenta
signed-in-as = Sesión iniciada como
logging-in-as = Iniciando sesión como
another-account-link = ¿No eres tú? Usa otra cuenta
client-policy = Política de privacidad de { $client }
client-terms = Condiciones de { $client }

email-label = Correo electrónico
password-label = Contraseña
name-label = Nombre completo
new-password-label = Nueva contraseña
new-password-hint = Al menos { $min } caracteres. Cualquier carácter, incluidos los espacios.
new-password-again-label = Confirma la nueva contraseña

moment = { $day } de { $month ->
    [1] enero
    [2] febrero
    [3] marzo
    [4] abril
    [5] mayo
    [6] junio
    [7] julio
    [8] agosto
    [9] septiembre
    [10] octubre
    [11] noviembre
   *[12] diciembre
 } de { $year }, { $clock } UTC

wait-seconds = { $count ->
    [one] Vuelve a intentarlo en { $count } segundo.
   *[other] Vuelve a intentarlo en { $count } segundos.
 }
wait-minutes = { $count ->
    [one] Vuelve a intentarlo en { $count } minuto.
   *[other] Vuelve a intentarlo en { $count } minutos.
 }
wait-hours = { $count ->
    [one] Vuelve a intentarlo en { $count } hora.
   *[other] Vuelve a intentarlo en { $count } horas.
 }
