//! E-mail by SMTP (RFC 5321) through `lettre`.

use jobs::JobError;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Attachment, Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::authentication::Credentials,
};
use secrecy::{ExposeSecret, SecretString};
use shared::MessageId;

use crate::Part;

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

    /// A mail server of this machine that wants neither encryption nor a password: for tests.
    #[cfg(feature = "testing")]
    pub fn plain(host: &str, port: u16, from: &str) -> Result<Self, String> {
        let from: Mailbox = from.parse().map_err(|error| format!("sender address: {error}"))?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(port).build();
        Ok(Self { transport, domain: from.email.domain().to_owned(), from })
    }

    pub(crate) async fn send(&self, mail: Mail<'_>) -> Result<(), JobError> {
        match self.transport.send(self.message(mail)?).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => Err(JobError::Hopeless("the mail server refuses for good".into())),
            Err(_) => Err(JobError::Retry("the mail server did not take it".into())),
        }
    }

    /// The Message-ID is ours, so a repeated delivery is recognised by the mailbox.
    fn message(&self, mail: Mail<'_>) -> Result<Message, JobError> {
        let hopeless = |why: String| JobError::Hopeless(why);
        let to: Mailbox = mail.to.parse().map_err(|_| hopeless("the address is no address".into()))?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{}@{}>", mail.id, self.domain)))
            .subject(mail.subject);
        if let Some(url) = mail.leave_url {
            // RFC 8058: both headers, and the address takes a POST.
            for (name, value) in
                [("List-Unsubscribe", format!("<{url}>")), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned())]
            {
                message = message.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
            }
        }
        let Some(html) = mail.html else {
            return message.body(mail.text.to_owned()).map_err(|error| hopeless(error.to_string()));
        };
        let (mut related, mut files) = (MultiPart::related().singlepart(SinglePart::html(html.to_owned())), Vec::new());
        for part in mail.parts {
            let kind = ContentType::parse(&part.media_type).map_err(|error| hopeless(error.to_string()))?;
            match part.content_id {
                Some(content_id) => related = related.singlepart(Attachment::new_inline(content_id).body(part.content, kind)),
                None => files.push(Attachment::new(part.name).body(part.content, kind)),
            }
        }
        let text = MultiPart::alternative().singlepart(SinglePart::plain(mail.text.to_owned())).multipart(related);
        let whole = files.into_iter().fold(MultiPart::mixed().multipart(text), MultiPart::singlepart);
        message.multipart(whole).map_err(|error| hopeless(error.to_string()))
    }
}

/// What the mail server is given.
pub(crate) struct Mail<'a> {
    pub(crate) id: MessageId,
    pub(crate) to: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    pub(crate) html: Option<&'a str>,
    pub(crate) leave_url: Option<&'a str>,
    pub(crate) parts: Vec<Part>,
}
