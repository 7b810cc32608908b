//! The program itself over TLS, with the `openidconnect` crate as a relying party that knows nothing of our code.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope, TokenResponse as _,
};
use scraper::{Html, Selector};
use url::Url;

const CALLBACK: &str = "https://app.example.test/callback";
const SIGNED_OUT: &str = "https://app.example.test/signed-out";
const SECRET: &str = "a-secret-of-the-suite-with-at-least-32-characters";
const EMAIL: &str = "ana@example.test";
const PASSWORD: &str = "open the door please";

/// The server process; ended when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A throwaway certificate authority and a certificate of its for localhost.
fn certificates(directory: &Path) {
    let openssl = |arguments: &str| run(Command::new("openssl").current_dir(directory).args(arguments.split(' ')));
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=suite -addext basicConstraints=critical,CA:TRUE"));
    openssl(&format!("req {key} -keyout tls.key -out tls.csr -subj /CN=localhost"));
    std::fs::write(directory.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    openssl("x509 -req -in tls.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out tls.crt");
}

fn vestibule(directory: &Path, port: u16) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command
        .env("VESTIBULE_SERVER__LISTEN", format!("127.0.0.1:{port}"))
        .env("VESTIBULE_SERVER__PUBLIC_URL", format!("https://localhost:{port}"))
        .env("VESTIBULE_SERVER__TLS_CERTIFICATE", directory.join("tls.crt"))
        .env("VESTIBULE_SERVER__TLS_KEY", directory.join("tls.key"))
        .env("VESTIBULE_DATABASE__URL", format!("sqlite://{}", directory.join("vestibule.db").display()))
        .env("VESTIBULE_KEYS__DIRECTORY", directory.join("keys"))
        .stderr(Stdio::null());
    command
}

fn declare(directory: &Path, port: u16) {
    let state = format!(
        "[[clients]]\nclient_id = \"app\"\nclient_secret = \"{SECRET}\"\nredirect_uris = [\"{CALLBACK}\"]\n\
         post_logout_redirect_uris = [\"{SIGNED_OUT}\"]\ngrant_types = [\"authorization_code\", \"refresh_token\"]\nfirst_party = true\n\n\
         [[users]]\nemail = \"{EMAIL}\"\npassword = \"{PASSWORD}\"\nname = \"Ana Souza\"\nemail_verified = true\n"
    );
    let file = directory.join("state.toml");
    std::fs::write(&file, state).unwrap();
    run(vestibule(directory, port).args(["migrate", "up"]).stderr(Stdio::piped()));
    run(vestibule(directory, port).arg("apply").arg(&file).stderr(Stdio::piped()));
}

/// An HTTP client that trusts the throwaway authority alone, follows nothing, and keeps cookies by hand.
struct Browser {
    http: reqwest::Client,
    cookies: Vec<(String, String)>,
}

impl Browser {
    fn trusting(authority: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = reqwest::Certificate::from_pem(&std::fs::read(authority).unwrap()).unwrap();
        let builder = reqwest::Client::builder().tls_certs_only([authority]).redirect(reqwest::redirect::Policy::none()).no_proxy();
        Self { http: builder.build().unwrap(), cookies: Vec::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> (Option<Url>, Url, String) {
        let jar: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", jar.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(n, _)| n != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let at = answer.url().clone();
        let location = answer.headers().get("location").map(|to| at.join(to.to_str().unwrap()).unwrap());
        (location, at, answer.text().await.unwrap())
    }

    /// Follows redirects, signs in where a form asks for it, and answers where it leaves the provider.
    async fn follow(&mut self, mut url: Url) -> Url {
        for _ in 0..12 {
            let (location, at, body) = self.send(self.http.get(url.clone())).await;
            let next = match location {
                Some(next) => next,
                None => self.submit(&at, &body).await,
            };
            if next.host_str() != Some("localhost") {
                return next;
            }
            url = next;
        }
        panic!("it goes in circles");
    }

    async fn submit(&mut self, at: &Url, page: &str) -> Url {
        let hidden = |name: &str| {
            let page = Html::parse_document(page);
            let selector = Selector::parse(&format!("input[name={name}]")).unwrap();
            page.select(&selector).next().unwrap_or_else(|| panic!("{at} has no {name}")).attr("value").unwrap().to_owned()
        };
        let fields =
            [("i", hidden("i")), ("csrf_token", hidden("csrf_token")), ("email", EMAIL.to_owned()), ("password", PASSWORD.to_owned())];
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(at.join("/login").unwrap()).header("content-type", "application/x-www-form-urlencoded").body(form);
        self.send(request).await.0.expect("the sign-in is accepted")
    }
}

async fn call(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let answer = http.execute(request.try_into()?).await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// OpenID Connect Core §3.1 from discovery to logout, each answer verified by the crate.
#[tokio::test(flavor = "multi_thread")]
async fn the_openidconnect_crate_signs_in_over_tls() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    declare(directory.path(), port);
    let _server = Server(vestibule(directory.path(), port).arg("serve").stdin(Stdio::null()).spawn().unwrap());
    let mut browser = Browser::trusting(&directory.path().join("ca.pem"));
    let http = |request| call(browser.http.clone(), request);

    let issuer = IssuerUrl::new(format!("https://localhost:{port}")).unwrap();
    let started = Instant::now();
    let metadata = loop {
        match ProviderMetadataWithLogout::discover_async(issuer.clone(), &http).await {
            Ok(metadata) => break metadata,
            Err(error) => assert!(started.elapsed() < Duration::from_mins(1), "no discovery document: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let end_session = metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("app".into()), Some(ClientSecret::new(SECRET.into())))
        .set_redirect_uri(RedirectUrl::new(CALLBACK.into()).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
    let (url, state, nonce) = request.add_scope(Scope::new("email".into())).set_pkce_challenge(challenge).url();
    let http_client = browser.http.clone();
    let http = |request| call(http_client.clone(), request);
    let back = browser.follow(url).await;
    let answer = |name: &str| back.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
    assert!(back.as_str().starts_with(CALLBACK), "{back}");
    assert_eq!(answer("state").as_deref(), Some(state.secret().as_str()));
    assert_eq!(answer("iss").as_deref(), Some(issuer.as_str()));

    let code = AuthorizationCode::new(answer("code").unwrap());
    let tokens = client.exchange_code(code).unwrap().set_pkce_verifier(verifier).request_async(&http).await.unwrap();
    let claims = tokens.id_token().unwrap().claims(&client.id_token_verifier(), &nonce).unwrap();
    let person: CoreUserInfoClaims =
        client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())).unwrap().request_async(&http).await.unwrap();
    assert_eq!(person.email().map(|email| email.as_str()), Some(EMAIL));
    let refreshed = client.exchange_refresh_token(tokens.refresh_token().unwrap()).unwrap().request_async(&http).await.unwrap();
    assert_ne!(refreshed.access_token().secret(), tokens.access_token().secret());

    let logout = LogoutRequest::from(end_session)
        .set_id_token_hint(tokens.id_token().unwrap())
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(SIGNED_OUT.into()).unwrap())
        .set_state(CsrfToken::new("over".into()))
        .http_get_url();
    assert_eq!(browser.follow(logout).await.as_str(), format!("{SIGNED_OUT}?state=over"));
    let dead = client.exchange_refresh_token(refreshed.refresh_token().unwrap()).unwrap().request_async(&http).await;
    assert!(dead.is_err(), "the grant ends with the session");
}
