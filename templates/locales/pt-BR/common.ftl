error-prefix = Erro:
help = Ajuda
languages = Idioma
there-is-a-problem = Há um problema
show = Mostrar
show-password = Mostrar senha
log-out = Sair
my-account = Minha Conta
signed-in-as = Você entrou como
logging-in-as = Entrando como
another-account-link = Não é você? Use outra conta
client-policy = Política de privacidade de { $client }
client-terms = Termos de uso de { $client }

email-label = E-mail
password-label = Senha
name-label = Nome completo
new-password-label = Nova senha
new-password-hint = Pelo menos { $min } caracteres. Qualquer caractere, inclusive espaços.
new-password-again-label = Confirme a nova senha

moment = { $day } de { $month ->
    [1] janeiro
    [2] fevereiro
    [3] março
    [4] abril
    [5] maio
    [6] junho
    [7] julho
    [8] agosto
    [9] setembro
    [10] outubro
    [11] novembro
   *[12] dezembro
 } de { $year }, { $clock } UTC

wait-seconds = { $count ->
    [one] Tente de novo em { $count } segundo.
   *[other] Tente de novo em { $count } segundos.
 }
wait-minutes = { $count ->
    [one] Tente de novo em { $count } minuto.
   *[other] Tente de novo em { $count } minutos.
 }
wait-hours = { $count ->
    [one] Tente de novo em { $count } hora.
   *[other] Tente de novo em { $count } horas.
 }
