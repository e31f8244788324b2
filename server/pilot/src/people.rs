//! Shops with their owners, and consumers with their cards.

use db::bulk::{Bulk, Cell};
use identity::{Keys, consent};
use rand::{Rng, SeedableRng, rngs::StdRng};
use shared::{Country, ShopId, Timestamp, time::DAY_MS};
use uuid::Uuid;

use crate::{DAYS, Error, Plan, ZONES, days, ground::Ground, tables};

/// What seals a card's key, as `loyalty::card` names it.
const CARD_SECRET: &str = "card-key";
/// What seals a telephone, as `identity::challenge` names it.
const PHONE: &str = "phone";
/// One in so many cards belongs to nobody yet.
const ANONYMOUS_IN: usize = 10;

/// Somebody with a card.
pub(crate) struct Person {
    pub id: Uuid,
    pub card: Uuid,
    pub created_at: Timestamp,
    /// Where she usually buys.
    pub home: usize,
    pub adult: bool,
    /// The shop that she works at.
    pub works_at: Option<usize>,
}

pub(crate) struct People {
    pub shops: Vec<ShopId>,
    /// Place `n` buys at shop `n % shops`.
    pub persons: Vec<Person>,
}

/// An id of an instant, from the seed.
pub(crate) fn id(random: &mut StdRng, at: Timestamp) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.0.unsigned_abs(), &random.random::<[u8; 10]>()).into_uuid()
}

/// A number of the country's mobile range.
fn telephone(number: usize) -> String {
    format!("+57300{number:07}")
}

pub(crate) async fn write(bulk: &mut Bulk, keys: &Keys, plan: &Plan, ground: &Ground) -> Result<People, Error> {
    let mut random = StdRng::seed_from_u64(plan.seed);
    let shops = shops(bulk, keys, plan, ground, &mut random).await?;
    let persons = persons(bulk, keys, plan, &shops, &mut random).await?;
    Ok(People { shops, persons })
}

/// Nothing is earned of the first campaign at every third shop.
pub(crate) fn is_control(campaign: usize, shop: usize) -> bool {
    campaign == 0 && shop % 3 == 2
}

async fn shops(bulk: &mut Bulk, keys: &Keys, plan: &Plan, ground: &Ground, random: &mut StdRng) -> Result<Vec<ShopId>, Error> {
    let begin = plan.begin();
    let date = days::date_of(begin);
    let mut shops = Vec::new();
    for number in 0..plan.shops() {
        let at = begin.plus_ms(number as i64);
        let shop = id(random, at);
        let member = id(random, at);
        let (name, zone) = (format!("Tienda {number:03}"), format!("Zona {}", number % ZONES + 1));
        let search = identity::search_key(&format!("{name} Bogotá"));
        let place = [
            shop.into(),
            name.into(),
            search.into(),
            "CO".into(),
            "COP".into(),
            "America/Bogota".into(),
            "Bogotá".into(),
            zone.into(),
            at.0.into(),
        ];
        bulk.push(&tables::SHOP, place).await?;
        // The owner is the consumer of the same number.
        let phone = telephone(number);
        let owner = [
            member.into(),
            shop.into(),
            "Rosa".into(),
            "owner".into(),
            keys.phone_hash(&phone).into(),
            keys.seal(PHONE, phone.as_bytes()).into(),
            at.0.into(),
        ];
        bulk.push(&tables::MEMBER, owner).await?;
        for brand in &ground.brands {
            bulk.push(&tables::SHOP_BRAND, [brand.id.0.into(), brand.tenant.0.into(), shop.into(), at.0.into(), date.to_string().into()])
                .await?;
            let answered = plan.until.plus_ms(-10 * DAY_MS);
            let score = [10, 9, 9, 8, 7, 10, 3, 6][random.random_range(0..8)];
            let answer =
                [brand.id.0.into(), "ola 1".into(), member.into(), brand.tenant.0.into(), shop.into(), Cell::Int(score), answered.0.into()];
            bulk.push(&tables::ANSWER, answer).await?;
        }
        let first = &ground.campaigns[0];
        let brand = &ground.brands[first.brand];
        let arm = if is_control(0, number) { "control" } else { "treated" };
        bulk.push(&tables::ARM, [first.id.0.into(), shop.into(), brand.tenant.0.into(), brand.id.0.into(), arm.into(), begin.0.into()])
            .await?;
        shops.push(ShopId(shop));
    }
    for brand in &ground.brands {
        for (kind, amount) in [("messages", 7_200_000_i64), ("media", 50_000_000), ("shopkeeper_incentives", 12_000_000)] {
            let spent = days::date_of(plan.until.plus_ms(-20 * DAY_MS)).to_string();
            let cost = [
                id(random, begin).into(),
                brand.tenant.0.into(),
                brand.id.0.into(),
                Cell::Null,
                kind.into(),
                amount.into(),
                spent.into(),
                "".into(),
                begin.0.into(),
            ];
            bulk.push(&tables::COST, cost).await?;
        }
        let assumed = [
            brand.id.0.into(),
            date.to_string().into(),
            brand.tenant.0.into(),
            90_000_i64.into(),
            6_000_i64.into(),
            500_000_i64.into(),
            begin.0.into(),
        ];
        bulk.push(&tables::ASSUMPTION, assumed).await?;
    }
    Ok(shops)
}

async fn persons(bulk: &mut Bulk, keys: &Keys, plan: &Plan, shops: &[ShopId], random: &mut StdRng) -> Result<Vec<Person>, Error> {
    let count = plan.consumers();
    let span = (DAYS + 29) * DAY_MS;
    // Six in ten were there before the first purchase; the others came in the order of their numbers.
    let early = count * 6 / 10;
    let text_version = consent::text(Country::Co).version;
    let mut persons = Vec::with_capacity(count);
    for number in 0..count {
        let share = if number < early {
            0.24 * number as f64 / early as f64
        } else {
            0.24 + 0.75 * (number - early) as f64 / (count - early) as f64
        };
        let created_at = plan.begin().plus_ms((share * span as f64) as i64 + 1_000);
        let person = Person {
            id: id(random, created_at),
            card: id(random, created_at),
            created_at,
            home: number % shops.len(),
            adult: random.random_bool(0.97),
            works_at: (number < shops.len()).then_some(number),
        };
        let anonymous = number % ANONYMOUS_IN == ANONYMOUS_IN - 1 && person.works_at.is_none();
        let first_shop = random.random_bool(0.8).then(|| shops[person.home].0);
        let name: Cell = if anonymous { Cell::Null } else { "Ana".into() };
        bulk.push(
            &tables::CONSUMER,
            [person.id.into(), name, "CO".into(), person.adult.into(), anonymous.into(), first_shop.into(), created_at.0.into()],
        )
        .await?;
        if !anonymous {
            let phone = telephone(number);
            bulk.push(
                &tables::CONTACT,
                [person.id.into(), keys.phone_hash(&phone).into(), keys.seal(PHONE, phone.as_bytes()).into(), created_at.0.into()],
            )
            .await?;
            let given = [
                id(random, created_at).into(),
                person.id.into(),
                "card".into(),
                "platform".into(),
                true.into(),
                text_version.into(),
                "web".into(),
                "Android".into(),
                created_at.0.into(),
            ];
            bulk.push(&tables::CONSENT, given).await?;
        }
        let kind = if anonymous { "printed" } else { "digital" };
        bulk.push(
            &tables::CARD,
            [person.card.into(), random.random::<[u8; 10]>().to_vec().into(), person.id.into(), kind.into(), created_at.0.into()],
        )
        .await?;
        let secret = keys.seal(CARD_SECRET, &random.random::<[u8; 32]>());
        bulk.push(&tables::CARD_KEY, [id(random, created_at).into(), person.card.into(), secret.into(), created_at.0.into()]).await?;
        persons.push(person);
    }
    Ok(persons)
}
