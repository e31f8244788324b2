//! E-mail by SMTP (RFC 5321) through `lettre`.

use jobs::JobError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, message::Mailbox, transport::smtp::authentication::Credentials};
use secrecy::{ExposeSecret, SecretString};
use shared::MessageId;

/// How to reach the mail server.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its name.
    pub host: String,
    /// 587 with STARTTLS unless said otherwise.
    pub port: u16,
    /// Account.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// `Mostrador <hola@example.com>`.
    pub from: String,
}

/// The mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    domain: String,
}

impl Smtp {
    /// Checks the settings; connects with the first message.
    pub fn new(settings: &SmtpSettings) -> Result<Self, String> {
        let from: Mailbox = settings.from.parse().map_err(|error| format!("sender address: {error}"))?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&settings.host)
            .map_err(|error| error.to_string())?
            .port(settings.port)
            .credentials(Credentials::new(settings.user.clone(), settings.password.expose_secret().to_owned()))
            .build();
        Ok(Self { transport, domain: from.email.domain().to_owned(), from })
    }

    /// The Message-ID is ours, so a repeated delivery is recognised by the mailbox.
    pub(crate) async fn send(&self, to: &str, subject: &str, body: &str, id: MessageId) -> Result<(), JobError> {
        let to: Mailbox = to.parse().map_err(|_| JobError::Hopeless("the address is no address".into()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .subject(subject)
            .body(body.to_owned())
            .map_err(|error| JobError::Hopeless(error.to_string()))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(JobError::Hopeless("the mail server refuses for good".into())),
            Err(_) => Err(JobError::Retry("the mail server did not take it".into())),
        }
    }
}
