mail-hello = Olá!
mail-hello-name = Olá, { $name }!

mail-fact-account = Conta
mail-fact-time = Quando
mail-fact-address = Endereço IP
mail-fact-device = Dispositivo
mail-device = { $browser } no { $system }
mail-fact-application = Aplicativo
mail-fact-new_email = Novo endereço
mail-fact-passkey = Chave de acesso
mail-fact-reason = Motivo
mail-fact-person = Pessoa
mail-fact-organization = Organização
mail-fact-words = Nas palavras da pessoa

mail-action-password_reset = Escolher uma nova senha
mail-action-confirm_email = Confirmar este endereço
mail-action-invitation = Aceitar o convite
mail-action-log_in = Entrar
mail-action-deletion = Manter minha conta
mail-action-at = em { $host }
mail-not-me = Não fui eu

mail-advice-not_me = Se não foi você, outra pessoa pode estar usando sua conta. Abra este link e confirme por lá: todas as sessões são encerradas, nada na sua conta pode ser alterado e você escolhe uma nova senha. Ou abra { $host } por conta própria e confira Minha Conta.
mail-advice-password_reset = Se você não pediu isso, pode ignorar este e-mail: sua senha não mudou. Nunca informe o código a ninguém, nem a quem diga que trabalha aqui.
mail-advice-one_time_code = Nunca informe este código a ninguém, nem a quem diga que trabalha aqui. Se você não está entrando agora, alguém sabe sua senha: abra { $host } e altere-a.
mail-advice-confirm_email = Se você não pediu isso, pode ignorar este e-mail: sem o código ou o link, nada acontece.
mail-advice-invitation = Se você não sabe por que recebeu este convite, pode ignorar este e-mail: nenhuma conta é criada antes que você aceite.
mail-advice-already_registered = Se você esqueceu sua senha, escolha “Esqueceu sua senha?” lá. Se você não pediu isso, pode ignorar este e-mail: nada mudou.
mail-advice-account_secured = Sua conta estará segura de novo quando você escolher uma nova senha. Se outra pessoa puder ler seus e-mails, altere também a senha da sua caixa de correio.
mail-advice-administrator_notice = Fale com a pessoa, sem ser respondendo a um e-mail, antes de desbloquear algo ou remover um segundo fator.
mail-advice-account_deletion = Se é isso o que você quer, não precisa fazer nada. Se mudou de ideia, ou se não foi você, abra este link e entre: sua conta será mantida.
mail-advice-account_deletion_cancelled = Se não foi você, abra { $host }, altere sua senha e peça a exclusão novamente.

mail-footer = { $brand } ({ $host }) enviou este e-mail para { $email }.
mail-footer-answer = Dúvidas? Responda a este e-mail.
mail-footer-help = Dúvidas? Consulte { $where }
mail-footer-no-answer = Ninguém lê as respostas a este e-mail. Dúvidas? Fale com o administrador da sua conta.

mail-password_reset-subject = Redefina sua senha do { $brand }
mail-password_reset-text = Alguém, provavelmente você, pediu uma nova senha para sua conta do { $brand }. Abra o link ou digite o código na página em que fez o pedido. Os dois funcionam uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-one_time_code-subject = { $code } é sua senha de uso único do { $brand }
mail-one_time_code-text = Esta é sua senha de uso único do { $brand }. Digite-a na página em que você está entrando. Ela funciona uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-confirm_email-subject = Confirme seu e-mail no { $brand }
mail-confirm_email-text = Confirme que este é seu endereço no { $brand }: abra o link ou digite o código na página em que você informou o endereço. Os dois funcionam uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-email_change_requested-subject = Seu e-mail no { $brand } vai mudar
mail-email_change_requested-text = Alguém, provavelmente você, pediu para mudar o e-mail da sua conta do { $brand }. A mudança acontece quando o novo endereço for confirmado. Até lá, este endereço continua valendo.
mail-email_changed-subject = Seu e-mail no { $brand } foi alterado
mail-email_changed-text = O e-mail da sua conta do { $brand } foi alterado. Este endereço não serve mais para entrar.
mail-already_registered-subject = Você já tem uma conta no { $brand }
mail-already_registered-text = Alguém, talvez você, pediu uma nova conta no { $brand } com este endereço. Ele já tem uma: entre com ela.

mail-invitation-subject = Você recebeu um convite para o { $brand }
mail-invitation-text = Você recebeu um convite para usar o { $brand }. Abra o link para escolher sua senha. O link funciona uma única vez, por { $days ->
    [one] { $days } dia
   *[other] { $days } dias
 }.
mail-invitation_from-subject = { $inviter } convidou você para o { $brand }
mail-invitation_from-text = { $inviter } convida você para usar o { $brand }. Abra o link para escolher sua senha. O link funciona uma única vez, por { $days ->
    [one] { $days } dia
   *[other] { $days } dias
 }.
mail-new_device-subject = Novo acesso à sua conta do { $brand }
mail-new_device-text = Alguém entrou na sua conta do { $brand } usando um dispositivo que ainda não conhecíamos. Se foi você, não precisa fazer nada.
mail-password_changed-subject = Sua senha do { $brand } foi alterada
mail-password_changed-text = A senha da sua conta do { $brand } foi alterada. As sessões em outros dispositivos foram encerradas.
mail-second_factor_enabled-subject = A autenticação de dois fatores foi ativada no { $brand }
mail-second_factor_enabled-text = A autenticação de dois fatores foi ativada na sua conta do { $brand }. De agora em diante, um código também será pedido para entrar. Guarde seus códigos de recuperação em um lugar seguro.
mail-second_factor_replaced-subject = Um novo código QR foi verificado no { $brand }
mail-second_factor_replaced-text = Um novo aplicativo autenticador foi configurado na sua conta do { $brand }. O anterior não funciona mais.
mail-second_factor_disabled-subject = A autenticação de dois fatores foi desativada no { $brand }
mail-second_factor_disabled-text = A autenticação de dois fatores foi desativada na sua conta do { $brand }. Para entrar, são pedidos apenas seu e-mail e sua senha.
mail-second_factor_reset-subject = Um administrador removeu seu segundo fator no { $brand }
mail-second_factor_reset-text = Um administrador removeu o segundo fator da sua conta do { $brand } e informou o motivo abaixo. Você pode configurar um novo em Minha Conta.
mail-email_codes_on-subject = As senhas de uso único por e-mail foram ativadas no { $brand }
mail-email_codes_on-text = Agora você pode receber por e-mail as senhas de uso único da sua conta do { $brand }.
mail-email_codes_off-subject = As senhas de uso único por e-mail foram desativadas no { $brand }
mail-email_codes_off-text = As senhas de uso único da sua conta do { $brand } não são mais enviadas por e-mail.
mail-passkey_added-subject = Uma chave de acesso foi adicionada à sua conta do { $brand }
mail-passkey_added-text = Uma chave de acesso foi adicionada à sua conta do { $brand }. Quem a tiver pode entrar com ela.
mail-passkey_removed-subject = Uma chave de acesso foi removida da sua conta do { $brand }
mail-passkey_removed-text = Uma chave de acesso foi removida da sua conta do { $brand }. Ela não serve mais para entrar.
mail-recovery_code_used-subject = Um código de recuperação do { $brand } foi usado ({ $left ->
    [0] não resta nenhum
    [one] resta { $left }
   *[other] restam { $left }
 })
mail-recovery_code_used-text = Alguém entrou na sua conta do { $brand } com um código de recuperação. { $left ->
    [0] Era o último: gere novos em Minha Conta.
    [one] Resta { $left } código de recuperação: gere novos em Minha Conta.
   *[other] Restam { $left } códigos de recuperação.
 }
mail-recovery_codes_replaced-subject = Novos códigos de recuperação foram gerados no { $brand }
mail-recovery_codes_replaced-text = Novos códigos de recuperação foram gerados para sua conta do { $brand }. Os anteriores não funcionam mais.
mail-second_factor_guessed-subject = { $attempts } códigos errados na sua conta do { $brand }
mail-second_factor_guessed-text = Alguém digitou sua senha do { $brand } corretamente e depois { $attempts ->
    [one] um código errado
   *[other] { $attempts } códigos errados
 }. Se não foi você, alguém sabe sua senha.
mail-account_secured-subject = Sua conta do { $brand } foi protegida
mail-account_secured-text = Você nos avisou que algo não foi feito por você. Encerramos as sessões em todos os dispositivos e aplicativos, e ninguém pode alterar nada na sua conta do { $brand } até que você escolha uma nova senha.
mail-administrator_notice-subject = { $person } relatou atividade suspeita
mail-administrator_notice-text = Uma pessoa da sua organização avisou ao { $brand } que algo na conta dela não foi feito por ela. Todas as sessões dela foram encerradas, e a conta não aceita alterações até que ela escolha uma nova senha.
mail-account_deletion-subject = Sua conta do { $brand } será excluída
mail-account_deletion-text = Alguém, provavelmente você, pediu a exclusão da sua conta do { $brand }. Ela será excluída, com tudo o que contém, em { $day }.
mail-account_deletion_cancelled-subject = Sua conta do { $brand } continua ativa
mail-account_deletion_cancelled-text = A exclusão da sua conta do { $brand } foi cancelada. Nada se perdeu.

mail-action-unlock = Liberar minha entrada
mail-advice-unlock = Se você não pediu isto, não abra o link: nada muda, e sua conta está segura.
mail-advice-unlock_codes = Se você não pediu isto, não abra o link. Alguém sabe sua senha: abra { $host } e mude-a.
mail-unlock-subject = Entre de novo no { $brand }
mail-unlock-text = Muitas senhas erradas foram tentadas para sua conta do { $brand }, então paramos de aceitar tentativas. Sua conta está segura. Abra o link, no navegador em que quer entrar, para poder entrar de novo. Ele funciona uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
mail-unlock_codes-subject = Digite de novo seu código do { $brand }
mail-unlock_codes-text = Alguém que sabe a senha da sua conta do { $brand } tentou códigos errados, então paramos de aceitar tentativas. Abra o link, no navegador em que quer entrar, para poder digitar seu código de novo. Ele funciona uma única vez, por { $minutes ->
    [one] { $minutes } minuto
   *[other] { $minutes } minutos
 }.
