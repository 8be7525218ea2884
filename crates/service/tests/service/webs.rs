//! Web configuration as Prometheus' own programs have it: TLS, users, and changes while a server runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use reqwest::{Certificate, Client, Identity, StatusCode};
use service::server::{self, ServerSettings};
use service::web::Web;
use tokio_util::sync::CancellationToken;
use warp::Filter;

/// Of «secret» and of «other», at the lowest cost.
fn hash(password: &str) -> String {
    bcrypt::hash(password, 4).unwrap()
}

struct Made {
    ca: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Made {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        let made = Self { ca, folder };
        made.renew("localhost");
        made
    }

    /// A certificate of this name, and its key: PEM of both.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.ca).unwrap().pem(), key.serialize_pem())
    }

    /// Another certificate for the server.
    fn renew(&self, name: &str) {
        let (cert, key) = self.issue(name);
        self.write("cert.pem", &cert);
        self.write("key.pem", &key);
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn client(&self, identity: Option<(String, String)>) -> Client {
        let second = Duration::from_secs(5);
        let root = Certificate::from_pem(self.ca.pem().as_bytes()).unwrap();
        let builder = service::client::builder(second, second, false).tls_certs_only([root]);
        let builder = builder.pool_max_idle_per_host(0);
        match identity {
            Some((cert, key)) => {
                let identity = Identity::from_pem(format!("{cert}{key}").as_bytes()).unwrap();
                builder.identity(identity).build().unwrap()
            }
            None => builder.build().unwrap(),
        }
    }
}

/// A server with this configuration; its port.
async fn start(file: &Path) -> u16 {
    let listener = server::bind("127.0.0.1:0".parse().unwrap(), "").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let web = Some(Arc::new(Web::open(file).unwrap()));
    let service = warp::service(warp::any().map(|| "hello"));
    let settings = ServerSettings { web, ..ServerSettings::default() };
    tokio::spawn(async move {
        server::serve(listener, service, &settings, Arc::default(), CancellationToken::new()).await
    });
    port
}

const TLS: &str = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n";

#[tokio::test]
async fn users_and_their_passwords_change_while_it_runs() {
    let made = Made::new();
    let users = |password: &str| format!("basic_auth_users:\n  me: {}\n", hash(password));
    let file = made.write("web.yml", &users("secret"));
    let (port, client) = (start(&file).await, made.client(None));
    let url = format!("http://127.0.0.1:{port}/");
    let ask = async |password: &str| {
        client.get(&url).basic_auth("me", Some(password)).send().await.unwrap().status()
    };
    let refused = client.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.headers()["www-authenticate"], "Basic");
    assert_eq!((ask("secret").await, ask("other").await), (StatusCode::OK, StatusCode::UNAUTHORIZED));
    made.write("web.yml", &users("other"));
    let end = Instant::now() + Duration::from_secs(20);
    while ask("other").await != StatusCode::OK {
        assert!(Instant::now() < end, "the change is not seen");
    }
    assert_eq!(ask("secret").await, StatusCode::UNAUTHORIZED);
    // What cannot be read changes nothing; TLS neither comes nor goes, and nobody is let in by an empty file.
    for slip in ["basic_auth_users: [", TLS, "", "basic_auth_users: {}\n"] {
        made.write("web.yml", slip);
        let end = Instant::now() + Duration::from_millis(1100);
        while Instant::now() < end {
            assert_eq!(ask("secret").await, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(ask("other").await, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_certificate_is_renewed_while_it_runs() {
    let made = Made::new();
    made.renew("elsewhere");
    let port = start(&made.write("web.yml", TLS)).await;
    let client = made.client(None);
    let ask = async || client.get(format!("https://localhost:{port}/")).send().await;
    assert!(ask().await.is_err(), "the name is wrong");
    made.renew("localhost");
    let end = Instant::now() + Duration::from_secs(20);
    while ask().await.is_err() {
        assert!(Instant::now() < end, "the new certificate is not served");
    }
}

#[tokio::test]
async fn clients_show_certificates_where_they_must_and_a_probe_still_sees_that_it_is_there() {
    let made = Made::new();
    let asks = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n";
    let port = start(&made.write("web.yml", &format!("{TLS}{asks}"))).await;
    let url = format!("https://localhost:{port}/");
    let with = made.client(Some(made.issue("client"))).get(&url).send().await.unwrap();
    assert_eq!(with.text().await.unwrap(), "hello");
    assert!(made.client(None).get(&url).send().await.is_err());
    let stranger = Made::new().issue("client");
    assert!(made.client(Some(stranger)).get(&url).send().await.is_err());
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let probe = move || service::health::exit_code("test", address, true);
    let code = tokio::task::spawn_blocking(probe).await.unwrap();
    assert_eq!(code, std::process::ExitCode::SUCCESS);
}

#[test]
fn mistakes_are_named_with_their_place() {
    let made = Made::new();
    let cert = made.folder.path().join("cert.pem");
    std::fs::write(made.folder.path().join("stranger.pem"), made.issue("x").1).unwrap();
    for (text, part) in [
        ("basic_auth_users:\n  me: hunter2\n", "web.yml: basic_auth_users.me: expected a bcrypt hash"),
        ("tls_server_confg: {}\n", "unknown field `tls_server_confg`"),
        ("tls_server_config:\n  cert_file: cert.pem\n", "missing field `key_file`"),
        (&TLS.replace("key.pem", "none.pem"), "none.pem cannot be read: No such file"),
        (&TLS.replace("key.pem", "cert.pem"), "cert.pem: expected a PEM private key"),
        (
            &TLS.replace("key.pem", "stranger.pem"),
            &format!("stranger.pem: is no pair with {}", cert.display()),
        ),
        (&format!("{TLS}  client_ca_file: ca.pem\n"), "set without a client_auth_type"),
        (&format!("{TLS}  client_auth_type: RequestClientCert\n"), "unknown variant `RequestClientCert`"),
        (&format!("{TLS}  client_auth_type: VerifyClientCertIfGiven\n"), "needs a client_ca_file"),
        (
            "http_server_config:\n  headers:\n    Server: me\n",
            "headers.Server: expected one of Strict-Transport",
        ),
        (
            "http_server_config:\n  headers:\n    X-Frame-Options: no\n",
            "headers.X-Frame-Options: expected deny or sameorigin, got `no`",
        ),
        (&format!("{TLS}  cipher_suites: []\n"), "unknown field `cipher_suites`"),
        (&format!("{TLS}  min_version: TLS13\n  max_version: TLS12\n"), "max_version is below min_version"),
    ] {
        let told = Web::open(&made.write("web.yml", text)).map(|_| ()).unwrap_err().to_string();
        assert!(told.contains(part) && !told.contains("hunter2"), "{part}\nin\n{told}");
    }
    assert!(!Web::open(&made.write("web.yml", "")).unwrap().is_tls(), "an empty file asks for nothing");
}
