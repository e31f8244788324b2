//! What an installation decides: read once from `mostrador.toml` and the environment, checked before anything starts.
//!
//! The environment wins: `MOSTRADOR_PUBLIC_URL`, nested `MOSTRADOR_SMTP__HOST`, and `DATABASE_URL` without a prefix,
//! because every other tool knows it by that name.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};

/// The configuration. Secrets say `[REDACTED]` in `Debug`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// `sqlite:PATH` or `postgres://…`.
    pub database_url: SecretString,
    /// The master secret: 64 hexadecimal digits. Absent: `secret_file`.
    pub secret: Option<SecretString>,
    /// Made at the first start, readable by this user alone. Whoever has it and the database can read phone numbers.
    pub secret_file: PathBuf,
    /// Where people reach this server, without a slash at the end.
    pub public_url: String,
    /// Folder with what was built for the browsers. Absent: pages come without scripts and styles.
    pub site: Option<PathBuf>,
    /// A demonstration: messages appear on a page instead of on telephones, and the sandbox's doors exist.
    #[serde(deserialize_with = "figment::util::bool_from_str_or_int")]
    pub sandbox: bool,
    /// How many transactions may share a COMMIT on SQLite, 1 to 64.
    pub group_size: usize,
    /// Reading connections on SQLite, 1 to 64.
    pub readers: u32,
    /// Connections to PostgreSQL, 2 to 200.
    pub postgres_connections: u32,
    /// How log lines look.
    pub log: LogStyle,
    /// Where e-mail leaves.
    pub smtp: Option<Smtp>,
    /// Who may ask how often.
    pub limits: api::LimitConfig,
}

/// The mail server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its name.
    pub host: String,
    /// 587 with STARTTLS unless said otherwise.
    #[serde(default = "submission_port")]
    pub port: u16,
    /// Account.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// `Mostrador <hola@example.com>`.
    pub from: String,
}

const fn submission_port() -> u16 {
    587
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStyle {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Names that the environment may set.
const FIELDS: [&str; 12] =
    ["database_url", "secret", "secret_file", "public_url", "site", "sandbox", "group_size", "readers", "postgres_connections", "log", "smtp", "limits"];

#[derive(Serialize)]
struct Defaults {
    database_url: &'static str,
    secret_file: &'static str,
    public_url: &'static str,
    sandbox: bool,
    group_size: usize,
    readers: u32,
    postgres_connections: u32,
    log: LogStyle,
    limits: api::LimitConfig,
}

impl Config {
    /// Reads and checks everything.
    pub fn load() -> anyhow::Result<Self> {
        // Other programs of the installation have variables with our prefix, too.
        let environment = Env::prefixed("MOSTRADOR_").filter(|key| FIELDS.iter().any(|field| key.as_str().split("__").next().is_some_and(|first| first.eq_ignore_ascii_case(field))));
        Self::from_figment(Self::base().merge(Toml::file("mostrador.toml")).merge(environment.split("__")).merge(Env::raw().only(&["DATABASE_URL"])))
    }

    /// What holds when nothing was decided.
    pub fn defaults() -> anyhow::Result<Self> {
        Self::from_figment(Self::base())
    }

    fn base() -> Figment {
        Figment::from(Serialized::defaults(Defaults {
            database_url: "sqlite:data/mostrador.db",
            secret_file: "data/secret",
            public_url: "http://127.0.0.1:3000",
            sandbox: false,
            group_size: 64,
            readers: 4,
            postgres_connections: 20,
            log: LogStyle::Pretty,
            limits: api::LimitConfig::default(),
        }))
    }

    fn from_figment(figment: Figment) -> anyhow::Result<Self> {
        let config: Self = figment.extract().context("The configuration cannot be read")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let url = self.database_url.expose_secret();
        ensure!(url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://"), "DATABASE_URL begins with sqlite: or postgres://");
        ensure!(self.public_url.starts_with("http://") || self.public_url.starts_with("https://"), "public_url begins with http:// or https://");
        ensure!(!self.public_url.ends_with('/'), "public_url has no slash at the end");
        ensure!((1..=64).contains(&self.group_size), "group_size is 1 to 64");
        ensure!((1..=64).contains(&self.readers), "readers is 1 to 64");
        ensure!((2..=200).contains(&self.postgres_connections), "postgres_connections is 2 to 200");
        ensure!(!(self.sandbox && self.smtp.is_some()), "A sandbox disturbs nobody: remove either sandbox or smtp");
        if let Some(site) = &self.site {
            ensure!(site.join("site.json").is_file(), "There is no site.json in {}", site.display());
        }
        Ok(())
    }

    /// How the database is opened.
    pub fn database(&self) -> db::Config {
        db::Config {
            url: self.database_url.expose_secret().to_owned(),
            sqlite_group_max: self.group_size,
            readers: self.readers,
            pg_max_connections: self.postgres_connections,
        }
    }

    /// The master secret; made and stored at the first start when none was configured.
    pub fn master(&self) -> anyhow::Result<SecretBox<[u8; 32]>> {
        let text = match &self.secret {
            Some(secret) => secret.expose_secret().to_owned(),
            None => match std::fs::read_to_string(&self.secret_file) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_secret(&self.secret_file)?,
                Err(error) => return Err(error).with_context(|| format!("{} cannot be read", self.secret_file.display())),
            },
        };
        let bytes = decode_hex(text.trim()).context("The master secret is 64 hexadecimal digits")?;
        Ok(SecretBox::new(Box::new(bytes)))
    }

    /// Where messages leave.
    pub fn port(&self) -> anyhow::Result<notifications::Port> {
        use notifications::{Port, Smtp, SmtpSettings};

        Ok(match (&self.smtp, self.sandbox) {
            (_, true) => Port::Sandbox,
            (None, false) => Port::Nothing,
            (Some(smtp), false) => {
                let settings =
                    SmtpSettings { host: smtp.host.clone(), port: smtp.port, user: smtp.user.clone(), password: smtp.password.clone(), from: smtp.from.clone() };
                Port::Smtp(Box::new(Smtp::new(&settings).map_err(anyhow::Error::msg).context("smtp")?))
            }
        })
    }
}

fn make_secret(file: &Path) -> anyhow::Result<String> {
    use std::io::Write;

    let text: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(mut handle) => {
            handle.write_all(text.as_bytes())?;
            handle.sync_all()?;
            Ok(text)
        }
        // Another process of this installation was faster.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(std::fs::read_to_string(file)?),
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", file.display())),
    }
}

fn decode_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_hold_and_secrets_stay_out_of_the_log() {
        let mut config = Config::defaults().unwrap();
        config.secret = Some("0f".repeat(32).into());

        assert_eq!(config.limits, api::LimitConfig::default());
        assert!(!format!("{config:?}").contains("0f0f"));
        assert!(!format!("{config:?}").contains("mostrador.db"));
    }

    #[test]
    fn a_sandbox_with_a_mail_server_is_refused() {
        let smtp = "smtp.host = \"mail.example.com\"\nsmtp.user = \"u\"\nsmtp.password = \"p\"\nsmtp.from = \"a@example.com\"\nsandbox = 1";

        assert!(Config::from_figment(Config::base().merge(Toml::string(smtp))).is_err());
    }

    #[test]
    fn a_secret_is_64_hexadecimal_digits() {
        assert_eq!(decode_hex(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(decode_hex(&"0g".repeat(32)), None);
        assert_eq!(decode_hex("00"), None);
    }

    #[test]
    fn a_secret_is_made_once_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/secret");

        let first = make_secret(&file).unwrap();
        let second = make_secret(&file).unwrap();

        assert_eq!(first, second);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions()) & 0o777, 0o600);
    }
}
