device-heading = Conectar um dispositivo
device-intro = Digite o código que seu dispositivo ou programa mostra.
device-code-label = Código
device-code-hint = Oito letras, como WDJB-MJHT. Maiúsculas e o hífen não fazem diferença.
device-submit = Continuar
device-warning = Digite apenas um código de um dispositivo que está na sua frente. Se alguém lhe enviou o código ou um link para esta página, feche-a: querem entrar na sua conta.
device-error-missing = Digite o código que seu dispositivo mostra.
device-error-wrong = Este código não está certo, ou já foi usado ou expirou. Compare-o com seu dispositivo, ou peça um novo nele.
device-error-limited = Muitos códigos estavam errados.
device-confirm-heading = Conectar { $client } à sua conta?
device-confirm-code = É este o código no dispositivo que está na sua frente?
device-confirm-asked = { $minutes ->
    [0] O dispositivo pediu há menos de um minuto.
    [one] O dispositivo pediu há um minuto.
   *[other] O dispositivo pediu há { $minutes } minutos.
 }
device-confirm-other-network = Ele está em outra rede que não a deste navegador.
device-confirm-warning = Se alguém lhe enviou o código ou um link, ou se o dispositivo não é seu, escolha “Não permitir”: essa pessoa entraria na sua conta.
device-confirm-intro = Se você permitir, { $client } nesse dispositivo poderá:
device-confirm-allow = Sim, permitir
device-confirm-deny = Não permitir
device-done-heading = Você pode voltar ao seu dispositivo
device-done-heading-denied = Nada foi conectado
device-done-allowed = { $client } continua lá em alguns segundos. Você pode fechar esta página.
device-done-denied = { $client } nesse dispositivo não recebe nada seu. Você pode fechar esta página.
device-done-account = Você pode retirar a qualquer momento o que os aplicativos podem fazer:
device-done-applications = Aplicativos conectados
