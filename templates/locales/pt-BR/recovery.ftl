forgot-password = Esqueceu sua senha?
notice-password_reset = Senha alterada. Entre com a nova senha.
notice-password_reset-client = Senha alterada. Entre para continuar em { $client }.

reset-heading = Redefina sua senha
reset-intro = Digite o endereço de e-mail da sua conta. Enviaremos um link para você escolher uma nova senha.
reset-submit = Enviar link
reset-error-email = Digite um endereço de e-mail, como nome@exemplo.com
reset-back = Voltar para entrar
reset-back-client = Voltar para entrar em { $client }

reset-sent-heading = Verifique seu e-mail
reset-sent-text = Se existir uma conta para { $email }, enviamos para lá um link e um código.
reset-sent-lasts = { $minutes ->
    [one] Os dois funcionam uma única vez, por { $minutes } minuto. Você pode fechar esta página: o link funciona em qualquer navegador.
   *[other] Os dois funcionam uma única vez, por { $minutes } minutos. Você pode fechar esta página: o link funciona em qualquer navegador.
 }
reset-sent-again = Se a conta existir, outro e-mail está a caminho. Pode levar um minuto.
reset-code-label = Código do e-mail
reset-code-submit = Continuar
reset-code-error-malformed = O código tem 6 dígitos, por exemplo 123456
reset-code-error-wrong = Esse código não está correto. Veja o e-mail mais recente.
reset-code-error-spent = Este código não pode mais ser usado. Use o link do e-mail ou envie de novo.
reset-sent-nothing = Não recebeu o e-mail?
reset-sent-nothing-text = Olhe a caixa de spam e confira se o endereço é o da sua conta.
send-again = Enviar de novo
send-new-link = Enviar um novo link
use-different-email = Usar outro e-mail

reset-finish-heading = Escolha uma nova senha
reset-finish-text = Você sairá de todos os outros lugares.
reset-finish-client = Depois disso você poderá entrar para continuar em { $client }.
reset-save = Salvar

reset-dead-heading-used = Este link já foi usado
reset-dead-text-used = Cada link muda a senha uma única vez. Se não foi você, envie um novo link e escolha outra senha agora.
reset-dead-heading-expired = Este link expirou
reset-dead-text-expired = { $minutes ->
    [one] Os links duram { $minutes } minuto. Sua senha não mudou.
   *[other] Os links duram { $minutes } minutos. Sua senha não mudou.
 }
reset-dead-heading-unknown = Este link não funciona
reset-dead-text-unknown = Um link mais novo foi enviado, ou falta uma parte deste. Use o e-mail mais recente ou envie um novo link.

not-me-heading-ask = Não foi você?
not-me-text-ask = Se outra pessoa fez algo com a conta { $email }, podemos protegê-la agora:
not-me-does-sessions = todos saem da conta, em todos os dispositivos e aplicativos
not-me-does-address = a conta volta a ter o endereço { $email }
not-me-does-deletion = a conta não é excluída
not-me-does-password = a senha deixa de funcionar e nada na segurança da conta pode ser alterado
not-me-does-mail = você recebe um e-mail com um link para escolher uma nova senha, que reabre a conta
not-me-does-administrators = os administradores são avisados
not-me-submit = Proteger minha conta
not-me-otherwise = Se foi você mesmo, basta fechar esta página.
not-me-heading-done = Sua conta está protegida
not-me-text-done = Todos foram desconectados. Enviamos a você um e-mail com um link para escolher uma nova senha.
not-me-heading-used = Isto já foi feito
not-me-text-used = A conta foi protegida com este link. Se você ainda não tem uma nova senha, redefina-a.
not-me-heading-expired = Este link expirou
not-me-text-expired = Ele é antigo demais para ser usado. Redefina sua senha: isso também desconecta todos.
not-me-heading-unknown = Este link não funciona
not-me-text-unknown = Talvez falte uma parte dele. Abra-o de novo a partir do e-mail ou redefina sua senha: isso também desconecta todos.
not-me-heading-moved = Este link não funciona mais
not-me-text-moved = A conta agora tem outro endereço de e-mail, alterado há mais de três dias. Avise o administrador da conta, que pode devolvê-la a você.

unlock-heading-ask = Liberar minha entrada
unlock-heading-sent = Verifique seu e-mail
unlock-heading-used = Este link já foi usado
unlock-heading-expired = Este link é antigo demais
unlock-heading-unknown = Este link não funciona
unlock-heading-too_soon = Ainda não
unlock-text-ask = Alguém tentou muitas senhas erradas para { $email }. Sua conta está segura. Depois disto, você poderá entrar de novo com este navegador; sua senha e seu segundo fator continuam os mesmos.
unlock-text-ask-codes = Alguém que sabe a senha de { $email } tentou códigos errados. Depois disto, você poderá digitar seu código de novo. Se não foi você, mude sua senha assim que entrar.
unlock-text-sent = Se existe uma conta com este endereço, enviamos a ele um e-mail com um link. Abra o link neste navegador. Ele funciona uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
unlock-text-used = Se você ainda não consegue entrar, peça um novo link na página de entrada.
unlock-text-expired = Peça um novo link na página de entrada.
unlock-text-unknown = Talvez seu programa de e-mail o tenha cortado, ou sua senha tenha mudado desde então. Peça um novo link na página de entrada.
unlock-text-too_soon = O segundo fator pode ser liberado por e-mail uma vez por dia. Espere a pausa acabar, use um código de recuperação ou fale com o administrador.
unlock-submit = Liberar minha entrada
unlock-otherwise = Se você não pediu isto, feche esta página: nada muda.
