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
    /// Who helps shops by WhatsApp: digits with the country's, `573005550000`. Absent: pages say whom to ask.
    #[serde(default, deserialize_with = "digits")]
    pub help_whatsapp: String,
    /// Where e-mail leaves.
    pub smtp: Option<Smtp>,
    /// Where messages to telephones leave first.
    pub whatsapp: Option<Whatsapp>,
    /// Where they leave otherwise.
    pub sms: Option<Sms>,
    /// When messages may leave.
    pub messages: Messages,
    /// Who may ask how often.
    pub limits: api::LimitConfig,
    /// How many sales are too many.
    pub velocity: loyalty::purchase::VelocityLimits,
    /// What a person of the operator may correct by herself, and in a day.
    #[serde(default)]
    pub adjustments: loyalty::adjustment::Limits,
}

/// The account at WhatsApp. What Meta has not confirmed for an installation, or changes over time, is decided here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whatsapp {
    /// Who sends.
    pub phone_number_id: String,
    /// Of a system user.
    pub access_token: SecretString,
    /// Signs what `/api/v1/incoming/whatsapp` gets.
    pub app_secret: SecretString,
    /// Shown in that address's handshake.
    pub verify_token: SecretString,
    /// Each version of the Graph API lives about two years.
    #[serde(default = "graph_version")]
    pub api_version: String,
    /// Another one for the twin.
    #[serde(default = "graph_url")]
    pub base_url: String,
    /// Exactly as the templates were approved: `es` and `es_CO` are different ones.
    #[serde(default = "spanish")]
    pub language: String,
    /// Our texts (`code`, `welcome`, `reward`, `expiry`, `shop_statement`, `redemption`, `receipt`; of promotions `statement`, `miss_you`, `thanks`, `news`) → names of approved templates. Others go by SMS.
    #[serde(default)]
    pub templates: std::collections::BTreeMap<String, String>,
    /// The template of codes has the copy button of its category.
    #[serde(default = "yes")]
    pub code_button: bool,
}

/// The account at the SMS provider (the interface of Twilio).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    /// `AC…`.
    pub account_sid: String,
    /// Also signs what `/api/v1/incoming/sms` gets.
    pub auth_token: SecretString,
    /// Number, short code, name or `MG…`.
    pub sender: String,
    /// By the beginning of the number, because operators of some countries refuse some senders.
    #[serde(default)]
    pub senders: std::collections::BTreeMap<String, String>,
    /// Keeps texts in the GSM alphabet: 160 letters instead of 70.
    #[serde(default = "yes")]
    pub remove_accents: bool,
    /// Another one for the twin.
    #[serde(default = "sms_url")]
    pub base_url: String,
}

fn graph_version() -> String {
    "v23.0".into()
}
fn graph_url() -> String {
    "https://graph.facebook.com".into()
}
fn sms_url() -> String {
    "https://api.twilio.com".into()
}
fn spanish() -> String {
    "es".into()
}
const fn yes() -> bool {
    true
}

/// The environment's reader takes digits for a number.
fn digits<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Digits {
        Number(u64),
        Text(String),
    }
    Ok(match Digits::deserialize(from)? {
        Digits::Number(number) => number.to_string(),
        Digits::Text(text) => text.trim_start_matches('+').to_owned(),
    })
}

/// When messages may leave. Hours are those of the country of whoever gets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Messages {
    /// For one person in 24 hours, of all brands together, 0 to 20; codes do not count, and the last one is no receipt: with 1
    /// none leaves.
    pub daily_max: i64,
    /// From this hour only codes leave, 0 to 23.
    pub quiet_from_hour: i64,
    /// Until this hour; the same one: there is no night.
    pub quiet_until_hour: i64,
    /// A code that WhatsApp cannot bring goes by SMS.
    pub codes_fall_back: bool,
}

impl Default for Messages {
    fn default() -> Self {
        Self { daily_max: 3, quiet_from_hour: 21, quiet_until_hour: 8, codes_fall_back: true }
    }
}

impl Messages {
    /// As the domain takes them.
    pub const fn rules(&self) -> notifications::Rules {
        notifications::Rules {
            daily_max: self.daily_max,
            quiet_from_minute: self.quiet_from_hour * 60,
            quiet_until_minute: self.quiet_until_hour * 60,
            codes_fall_back: self.codes_fall_back,
        }
    }
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
const FIELDS: [&str; 18] = [
    "database_url",
    "secret",
    "secret_file",
    "public_url",
    "site",
    "sandbox",
    "group_size",
    "readers",
    "postgres_connections",
    "log",
    "help_whatsapp",
    "smtp",
    "whatsapp",
    "sms",
    "messages",
    "limits",
    "velocity",
    "adjustments",
];

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
    messages: Messages,
    limits: api::LimitConfig,
    velocity: loyalty::purchase::VelocityLimits,
}

impl Config {
    /// Reads and checks everything.
    pub fn load() -> anyhow::Result<Self> {
        // Other programs of the installation have variables with our prefix, too.
        let environment = Env::prefixed("MOSTRADOR_").filter(|key| {
            FIELDS.iter().any(|field| key.as_str().split("__").next().is_some_and(|first| first.eq_ignore_ascii_case(field)))
        });
        Self::from_figment(
            Self::base().merge(Toml::file("mostrador.toml")).merge(environment.split("__")).merge(Env::raw().only(&["DATABASE_URL"])),
        )
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
            messages: Messages::default(),
            limits: api::LimitConfig::default(),
            velocity: loyalty::purchase::VelocityLimits::default(),
        }))
    }

    fn from_figment(figment: Figment) -> anyhow::Result<Self> {
        let config: Self = figment.extract().context("The configuration cannot be read")?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        let url = self.database_url.expose_secret();
        ensure!(
            url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://"),
            "DATABASE_URL begins with sqlite: or postgres://"
        );
        ensure!(!url.contains(":memory:") && !url.contains("mode=memory"), "DATABASE_URL names a file: what is in memory alone is lost");
        ensure!(
            self.public_url.starts_with("http://") || self.public_url.starts_with("https://"),
            "public_url begins with http:// or https://"
        );
        ensure!(!self.public_url.ends_with('/'), "public_url has no slash at the end");
        let number = &self.help_whatsapp;
        ensure!(
            number.is_empty() || ((8..=15).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit())),
            "help_whatsapp is 8 to 15 digits, with the country's"
        );
        ensure!((1..=64).contains(&self.group_size), "group_size is 1 to 64");
        ensure!((1..=64).contains(&self.readers), "readers is 1 to 64");
        ensure!((2..=200).contains(&self.postgres_connections), "postgres_connections is 2 to 200");
        let disturbs = self.smtp.is_some() || self.whatsapp.is_some() || self.sms.is_some();
        ensure!(!(self.sandbox && disturbs), "A sandbox disturbs nobody: remove either sandbox or smtp, whatsapp and sms");
        ensure!((0..=20).contains(&self.messages.daily_max), "messages.daily_max is 0 to 20");
        let hours = 0..=23;
        ensure!(
            hours.contains(&self.messages.quiet_from_hour) && hours.contains(&self.messages.quiet_until_hour),
            "messages.quiet_from_hour and quiet_until_hour are 0 to 23"
        );
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
                Err(error) => {
                    return Err(error).with_context(|| format!("{} cannot be read", self.secret_file.display()));
                }
            },
        };
        let bytes = decode_hex(text.trim()).context("The master secret is 64 hexadecimal digits")?;
        Ok(SecretBox::new(Box::new(bytes)))
    }

    /// Where messages leave.
    pub fn port(&self) -> anyhow::Result<notifications::Port> {
        use notifications::{Port, World};

        if self.sandbox {
            return Ok(Port::Sandbox);
        }
        let world = World { email: self.email()?, whatsapp: self.whatsapp_account()?, sms: self.sms_account()? };
        let nothing = world.email.is_none() && world.whatsapp.is_none() && world.sms.is_none();
        Ok(if nothing { Port::Nothing } else { Port::World(Box::new(world)) })
    }

    fn email(&self) -> anyhow::Result<Option<notifications::Smtp>> {
        let Some(smtp) = &self.smtp else {
            return Ok(None);
        };
        let settings = notifications::SmtpSettings {
            host: smtp.host.clone(),
            port: smtp.port,
            user: smtp.user.clone(),
            password: smtp.password.clone(),
            from: smtp.from.clone(),
        };
        notifications::Smtp::new(&settings).map(Some).map_err(anyhow::Error::msg).context("smtp")
    }

    fn whatsapp_account(&self) -> anyhow::Result<Option<notifications::WhatsappCloud>> {
        let Some(whatsapp) = self.whatsapp.clone() else {
            return Ok(None);
        };
        ensure!(https_or_local(&whatsapp.base_url), "whatsapp.base_url begins with https:// and has no slash at the end");
        for name in whatsapp.templates.keys() {
            ensure!(
                notifications::Template::ALL.iter().any(|template| template.name() == name),
                "whatsapp.templates: {name} is no text of the product"
            );
        }
        let settings = notifications::WhatsappSettings {
            base_url: whatsapp.base_url,
            api_version: whatsapp.api_version,
            phone_number_id: whatsapp.phone_number_id,
            access_token: whatsapp.access_token,
            app_secret: whatsapp.app_secret,
            verify_token: whatsapp.verify_token,
            language: whatsapp.language,
            templates: whatsapp.templates,
            code_button: whatsapp.code_button,
        };
        notifications::WhatsappCloud::new(settings).map(Some).map_err(anyhow::Error::msg).context("whatsapp")
    }

    fn sms_account(&self) -> anyhow::Result<Option<notifications::Sms>> {
        let Some(sms) = self.sms.clone() else {
            return Ok(None);
        };
        ensure!(https_or_local(&sms.base_url), "sms.base_url begins with https:// and has no slash at the end");
        let settings = notifications::SmsSettings {
            base_url: sms.base_url,
            account_sid: sms.account_sid,
            auth_token: sms.auth_token,
            sender: sms.sender,
            senders: sms.senders,
            remove_accents: sms.remove_accents,
            callback_url: format!("{}/api/v1/incoming/sms", self.public_url),
        };
        notifications::Sms::new(settings).map(Some).map_err(anyhow::Error::msg).context("sms")
    }
}

/// Secrets travel encrypted, but for a twin on this machine.
fn https_or_local(url: &str) -> bool {
    (url.starts_with("https://") || url.starts_with("http://127.0.0.1:")) && !url.ends_with('/')
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
    fn telephones_are_reached_as_configured_and_secrets_stay_out_of_the_log() {
        let text = r#"
            whatsapp.phone_number_id = "1"
            whatsapp.access_token = "hidden-token"
            whatsapp.app_secret = "hidden-secret"
            whatsapp.verify_token = "hidden-word"
            whatsapp.templates.code = "codigo"
            sms.account_sid = "AC1"
            sms.auth_token = "hidden-auth"
            sms.sender = "Mostrador"
            messages.daily_max = 2
        "#;
        let config = Config::from_figment(Config::base().merge(Toml::string(text))).unwrap();

        assert!(!format!("{config:?}").contains("hidden"));
        assert!(config.port().unwrap().world().is_some_and(|world| world.whatsapp.is_some() && world.sms.is_some()));
        assert_eq!(config.messages.rules(), notifications::Rules { daily_max: 2, ..notifications::Rules::default() });
        for wrong in
            ["whatsapp.base_url = \"http://graph.example\"", "whatsapp.templates.lottery = \"x\"", "sms.base_url = \"http://sms.example\""]
        {
            let config = Config::from_figment(Config::base().merge(Toml::string(text)).merge(Toml::string(wrong))).unwrap();
            assert!(config.port().is_err(), "{wrong}");
        }
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
