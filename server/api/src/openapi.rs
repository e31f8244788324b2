//! What the doors have in common, written into their description once instead of at every door.

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, InfoBuilder, KnownFormat, ObjectBuilder, OpenApi, Ref, RefOr, ResponseBuilder, SchemaFormat, ServerBuilder,
        header::HeaderBuilder,
        path::{Operation, ParameterBuilder, ParameterIn},
        schema::{Components, Type},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::{
    body::{IDEMPOTENCY_HEADER, KEY_MAX},
    refusal::{MEDIA_TYPE, ProblemDetails},
};

const INTRODUCTION: &str = "\
Ids are texts with a prefix, instants RFC 3339, money whole numbers of the currency's smallest unit. Errors are \
RFC 9457 problems: decide by `code`. A creating POST takes an `Idempotency-Key`, kept 30 days: the same key and request \
answer the same bytes, another request under the key is refused. Lists give `next_cursor` for `?cursor=`.";

/// Adds problems, keys, proofs and the base address to every operation.
pub fn finish(mut api: OpenApi) -> OpenApi {
    api.info = InfoBuilder::new().title("Mostrador").version("1").description(Some(INTRODUCTION)).build();
    api.servers = Some(vec![ServerBuilder::new().url("/api/v1").build()]);
    let components = api.components.get_or_insert_with(Components::new);
    let mut schemas = vec![(ProblemDetails::name().into_owned(), ProblemDetails::schema())];
    ProblemDetails::schemas(&mut schemas);
    components.schemas.extend(schemas);
    proofs(components);
    for item in api.paths.paths.values_mut() {
        let operations =
            [(&mut item.get, false), (&mut item.put, false), (&mut item.post, true), (&mut item.delete, false), (&mut item.patch, false)];
        for (operation, creates) in operations {
            if let Some(operation) = operation {
                complete(operation, creates);
            }
        }
    }
    api
}

fn proofs(components: &mut Components) {
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("mk_…").description(Some("An API key.")).build();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    for (name, persona) in SESSIONS {
        components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(persona.cookie()))));
    }
    let device = ApiKeyValue::with_description(
        shared::loyalty::capture::SIGNATURE_HEADER,
        "A phone's signature over the body, with `mostrador-device`.",
    );
    components.add_security_scheme("device", SecurityScheme::ApiKey(ApiKey::Header(device)));
}

const SESSIONS: [(&str, identity::Persona); 4] = [
    ("consumer_session", identity::Persona::Consumer),
    ("tendero_session", identity::Persona::Tendero),
    ("brand_session", identity::Persona::Brand),
    ("backoffice_session", identity::Persona::Backoffice),
];

fn complete(operation: &mut Operation, post: bool) {
    let creates = operation.responses.responses.contains_key("201");
    if post && creates {
        let key = ParameterBuilder::new()
            .name(IDEMPOTENCY_HEADER)
            .parameter_in(ParameterIn::Header)
            .description(Some("Names this request: sent again, it has no second effect. Kept 30 days."))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(KEY_MAX))
                    .pattern(Some("^[!-~]+$"))
                    .build(),
            ))
            .build();
        operation.parameters.get_or_insert_default().push(key);
        if let Some(RefOr::T(created)) = operation.responses.responses.get_mut("201") {
            created.headers.insert("Location".into(), HeaderBuilder::new().schema(text()).description(Some("Where it is.")).build());
            created.headers.insert(
                "Idempotency-Replayed".into(),
                HeaderBuilder::new().schema(text()).description(Some("`true`: the answer of the first time.")).build(),
            );
        }
    }
    if operation.security.is_none() {
        let proofs = ["key"].into_iter().chain(SESSIONS.map(|(name, _)| name));
        operation.security = Some(proofs.map(|name| SecurityRequirement::new(name, [] as [&str; 0])).collect());
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::KnownFormat(KnownFormat::Int32))).build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457).")
        .content(MEDIA_TYPE, ContentBuilder::new().schema(Some(Ref::from_schema_name(ProblemDetails::name()))).build())
        .header("Retry-After", HeaderBuilder::new().schema(seconds).description(Some("With 429 and 503: seconds to wait.")).build())
        .build();
    operation.responses.responses.insert("default".into(), RefOr::T(problem));
}

fn text() -> utoipa::openapi::Object {
    ObjectBuilder::new().schema_type(Type::String).build()
}

/// The page to read the description with; its files are part of the binary.
pub fn docs() -> Router {
    let page = utoipa_swagger_ui::SwaggerUi::new("/api/docs").config(utoipa_swagger_ui::Config::from("/api/v1/openapi.json"));
    Router::from(page).layer(middleware::from_fn(own_policy))
}

/// The page writes styles into its elements: it gets a policy of its own, and nothing else does.
async fn own_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; object-src 'none'";
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}
