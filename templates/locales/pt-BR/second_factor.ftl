notice-code_failed = Muitos códigos incorretos. Entre novamente para tentar mais uma vez.
notice-code_expired = Demorou demais. Entre novamente.

code-heading = Digite o código de verificação
code-hint = Os 6 dígitos do seu aplicativo autenticador
code-trust = { $days ->
    [one] Não perguntar neste dispositivo por { $days } dia
   *[other] Não perguntar neste dispositivo por { $days } dias
 }
code-submit = Verificar
code-email-instead = Enviar um código por e-mail
code-recovery-instead = Usar um código de recuperação
code-app-instead = Usar o aplicativo autenticador
code-lost = Perdeu o celular? Seu administrador pode ajudar.
code-error-missing = Digite o código de 6 dígitos
code-error-format = O código tem 6 dígitos, por exemplo 123456
code-error-wrong = Esse código não está correto. Digite o que o aplicativo mostra agora.
code-error-used = { $seconds ->
    [one] Esse código já foi usado. Espere { $seconds } segundo pelo próximo.
   *[other] Esse código já foi usado. Espere { $seconds } segundos pelo próximo.
 }
code-error-drifting = Esse código é de outro horário. Ajuste o relógio do celular para automático e digite um novo código.
code-error-wrong_email = Esse código não está correto. Digite o código do e-mail mais recente.
code-error-missing_recovery = Digite um código de recuperação
code-error-format_recovery = Um código de recuperação tem 16 letras e dígitos, por exemplo ABCD-EFGH-IJKL-2345
code-error-wrong_recovery = Esse código de recuperação não está correto ou já foi usado.
code-error-blocked = Muitas tentativas.
code-error-ceiling = Muitas tentativas. Sua conta está segura. Entre de novo e peça um link por e-mail, ou fale com o administrador.
code-error-too_many_mails = Enviamos códigos demais. Tente novamente em uma hora.
code-error-not_allowed = A sua organização não permite aplicativos autenticadores. Pergunte ao administrador dela qual segundo fator usar.
code-error-frozen = As alterações desta conta estão bloqueadas, porque alguém avisou que não foi você. Redefina a senha primeiro.

recovery-heading = Usar um código de recuperação
recovery-label = Código de recuperação
recovery-hint = Um dos dez códigos que você guardou. Cada um funciona uma vez.

email-code-heading = Digite o código do e-mail
email-code-label = Código
email-code-hint = Os 6 dígitos do e-mail
email-code-sent = Enviamos um código para { $address }. Ele vale por { $minutes } minutos.
email-code-lost = Não recebeu? Olhe na pasta de spam. Se você não tem mais acesso a essa caixa de e-mail, o administrador pode ajudar.
email-code-send = Enviar um código por e-mail
email-code-again = Enviar um novo código
email-code-wait = { $seconds ->
    [one] Você pode pedir um novo código em { $seconds } segundo.
   *[other] Você pode pedir um novo código em { $seconds } segundos.
 }

enroll-heading = Configurar a autenticação em dois fatores
enroll-required = Sua organização exige um segundo fator. Configure agora; leva um minuto.
enroll-client = { $client } exige um segundo fator. Configure agora; leva um minuto.
totp-apps = Abra um aplicativo autenticador no celular, como Google Authenticator, Microsoft Authenticator, Authy ou 1Password, e leia o código QR ou digite a chave secreta.
totp-qr-alt = Código QR. Se não conseguir ler, use a chave secreta abaixo.
totp-secret = Chave secreta
totp-account = Conta
totp-kind = Tipo
totp-kind-value = Baseado em tempo, 6 dígitos, 30 segundos, SHA‑1
totp-open-app = Abrir em um aplicativo neste dispositivo
totp-keep = Guarde esta chave secreta em um lugar seguro ou imprima esta página: com ela você configura um celular novo sem desativar a autenticação em dois fatores.
totp-verify = Verificar e ativar

codes-heading = Guarde seus códigos de recuperação
codes-intro = Se você perder o celular, um destes códigos permite entrar. Cada um funciona uma vez. Guarde-os onde mais ninguém possa encontrá-los; só os mostramos agora.
codes-download = Baixar como arquivo de texto
codes-saved = Já guardei
codes-anew = Gerar novos códigos de recuperação
codes-anew-text = Os novos códigos substituem os antigos, que deixam de funcionar na hora.
recovery-codes = Códigos de recuperação
recovery-codes-left = Códigos de recuperação: restam { $left } de { $of }

two-factor = Autenticação em dois fatores
two-factor-on = Ativada
two-factor-off = Desativada
two-factor-text = Com um segundo fator, uma senha descoberta por alguém não basta para entrar.
two-factor-since = Seu aplicativo autenticador está em uso desde { $when }.
two-factor-enable = Ativar a autenticação em dois fatores
two-factor-disable = Desativar a autenticação em dois fatores
two-factor-disable-text = Depois disso, bastam seu e-mail e sua senha para entrar. As chaves de acesso, os códigos de recuperação e os dispositivos confiáveis também são removidos, e seus outros dispositivos são desconectados.
two-factor-required = Sua organização exige um segundo fator, por isso ele não pode ser desativado.
otp-options = Opções de senha de uso único
otp-first-text = Os códigos vêm de um aplicativo autenticador no seu celular.
otp-new-text = Celular novo, ou alguém pode ter visto o código? O aplicativo atual continua funcionando até você verificar o novo.
otp-new = Solicitar novo código QR
otp-move = Mudar para um novo aplicativo
otp-replace-text = O aplicativo atual continua funcionando até você digitar um código do novo.
otp-email = Receber senha de uso único por e-mail
otp-email-fallback = Códigos por e-mail só são pedidos enquanto você não tiver um aplicativo autenticador nem uma chave de acesso.
devices-heading = Dispositivos confiáveis
devices-text = Nestes dispositivos não pedimos um código quando você entra.
devices-none = Nenhum dispositivo: pedimos um código onde quer que você entre com um segundo fator.
devices-unknown = Dispositivo desconhecido
devices-here = Este dispositivo
devices-until = até { $when }
devices-forget = Esquecer
devices-forget-all = Esquecer todos os dispositivos
code-confirm-text = Isto muda a forma como você entra, por isso pedimos um código mais uma vez.
code-confirm-hint = Os 6 dígitos do aplicativo autenticador ou um dos seus códigos de recuperação
totp-cancel = Voltar para Autenticação
authentication-done-app_replaced = Seu novo aplicativo está em uso. Os códigos do antigo não funcionam mais.
authentication-done-codes_saved = A autenticação em dois fatores está ativada.
authentication-done-disabled = A autenticação em dois fatores está desativada.
authentication-done-email_on = Você pode receber senhas de uso único por e-mail.
authentication-done-email_off = Não enviamos mais senhas de uso único por e-mail.
authentication-done-device_forgotten = Voltaremos a pedir um código nesse dispositivo.
authentication-trouble-required = Sua organização exige um segundo fator, por isso ele não pode ser desativado.
authentication-trouble-frozen = As alterações desta conta estão bloqueadas, porque alguém avisou que não foi você. Redefina a senha primeiro.
authentication-trouble-email_off = Senhas de uso único por e-mail não são permitidas aqui.
authentication-trouble-email_unverified = Confirme seu endereço de e-mail primeiro.
