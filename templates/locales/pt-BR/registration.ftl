notice-account_created = Sua conta está pronta. Entre com a nova senha.

mailed-code-error-malformed = O código tem 6 dígitos, por exemplo 123456
mailed-code-error-wrong = Esse código não está correto. Veja o e-mail mais recente.
mailed-code-error-spent = Este código não pode mais ser usado. Peça um novo e-mail.

confirm-email-heading-code = Verifique seu e-mail
confirm-email-text-code = Enviamos um link e um código para { $email }. Abra o link ou digite o código aqui.
confirm-email-heading-confirm = Confirme seu e-mail
confirm-email-text-confirm = O endereço { $email } é seu?
confirm-email-heading-change = Altere seu e-mail
confirm-email-text-change = A partir de agora você entra com { $email }, e é para lá que escreveremos.
confirm-email-submit = Confirmar
confirm-email-heading-done = Seu e-mail está confirmado
confirm-email-text-done = Obrigado. Você já pode fechar esta página.
confirm-email-heading-used = Este link já foi usado
confirm-email-text-used = O endereço já foi confirmado com ele.
confirm-email-heading-expired = Este link expirou
confirm-email-text-expired = Peça um novo em Minha Conta.
confirm-email-heading-unknown = Este link não funciona
confirm-email-text-unknown = Falta uma parte dele, ou a conta mudou desde então. Peça um novo em Minha Conta.
confirm-email-heading-taken = Este endereço não pode ser usado
confirm-email-text-taken = Escolha outro endereço em Minha Conta.

sign-up-heading = Crie uma conta
sign-up-heading-client = Crie uma conta para continuar em { $client }
sign-up-intro = Digite seu endereço de e-mail. Enviaremos um link para você escolher sua senha.
sign-up-submit = Continuar
sign-up-log-in = Entrar
sign-up-error-email = Digite um endereço de e-mail, como nome@exemplo.com
sign-up-error-mixed_scripts = Use letras de um só alfabeto em cada parte do endereço.
sign-up-error-domain = Use um endereço que termine em um destes: { $domains }
sign-up-closed-heading = Não é possível criar contas aqui
sign-up-closed-invitation = As contas são criadas por convite. Peça ao administrador da sua organização que convide você.
sign-up-closed-off = As contas são criadas pelos administradores. Peça uma a eles.
sign-up-sent-text = Enviamos um e-mail para { $email }. Abra o link ou digite aqui o código para criar sua conta.
sign-up-sent-nothing = Olhe a caixa de spam e confira se digitou o endereço corretamente.

join-heading = Crie sua conta
join-heading-organization = Crie sua conta em { $organization }
join-submit = Criar conta
join-dead-heading-used = Esta conta já foi criada
join-dead-text-used = O link funciona uma única vez. Entre com seu e-mail e sua senha.
join-dead-heading-expired = Este link expirou
join-dead-heading-unknown = Este link não funciona
join-dead-text-invited = Peça um novo convite a quem convidou você.
join-dead-text-again = Peça um novo e-mail para criar sua conta.
join-dead-again = Começar de novo
