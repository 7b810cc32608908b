login-heading = Entrar
login-heading-client = Entre para continuar em { $client }
login-submit = Entrar
login-again = Digite sua senha de novo para confirmar que é você.
login-error-refused = O e-mail ou a senha não estão corretos.
login-error-missing_email = Digite seu e-mail
login-error-missing_password = Digite sua senha
login-error-limited = Muitas tentativas.
login-error-ceiling = Muitas senhas erradas foram tentadas para esta conta. Ela está segura. Confirme por e-mail que é você, ou redefina sua senha.
notice-unlocked = Você já pode entrar de novo.
unlock-send = Enviar um link por e-mail
notice-logged_out = Você saiu da sua conta
notice-form_refreshed = Esta página estava desatualizada. Ela foi renovada: tente de novo.
notice-setup_done = Sua conta de administrador está pronta. Entre com a nova senha.

consent-heading = Permitir que { $client } use sua conta?
consent-intro = Se você permitir, { $client } poderá:
consent-allow = Permitir
consent-deny = Cancelar
consent-destination = Nos dois casos você volta para { $host }.
scope-openid = saber que é você
scope-profile = ver seu nome e seu perfil
scope-email = ver seu endereço de e-mail
scope-phone = ver seu número de telefone
scope-address = ver seu endereço postal
scope-offline_access = manter esse acesso quando você não estiver presente
scope-other = usar a permissão

form-post-heading = Voltar para { $client }
form-post-intro = Estamos levando você de volta. Se nada acontecer, pressione Continuar.
form-post-submit = Continuar

choose-heading = Escolha uma conta
choose-intro = para continuar em { $client }
choose-signed-in = Conectada
choose-signed-out = Desconectada: pede sua senha
choose-remove = Remover
choose-remove-named = Remover { $email } desta lista
choose-another = Usar outra conta

logout-heading = Você quer sair?
logout-text = Você sairá daqui e dos aplicativos que abriu com esta conta.
logout-asked = { $client } pede que você saia, daqui e dos outros aplicativos que abriu com esta conta.
logout-stay = Continuar conectado

logged-out-heading = Você saiu da sua conta
logged-out-text = Você já pode fechar esta página.
logged-out-applications = Estes aplicativos estão sendo avisados:
logged-out-not-returned = O aplicativo pediu para enviar você a um endereço que não está registrado para ele, por isso você não foi enviado.
logged-out-again = Entrar de novo

account-email-verified = Confirmado
account-email-unverified = Não confirmado
account-administrator = Administrador
account-signed-in = Conectado desde

setup-heading = Crie o primeiro administrador
setup-intro = Esta conta vai administrar { $brand }. O link que trouxe você até aqui funciona uma única vez.
setup-submit = Criar administrador
setup-error-email = Digite um endereço de e-mail, como nome@exemplo.com
setup-error-email_taken = Já existe uma conta com este e-mail

home-heading = Um único acesso para seus aplicativos
home-text = { $brand } identifica você nos aplicativos com que trabalha. Abra um deles: quando ele precisar saber quem você é, trará você para cá.
home-developers = Para desenvolvedores
home-issuer = Emissor
home-discovery = Documento de descoberta
home-keys = Chaves de assinatura
