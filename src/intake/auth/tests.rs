use super::*;
use std::time::Instant;

const COST: u32 = 4;

fn with_password(name: &str, password: &str, tenants: &[&str]) -> User {
    let bcrypt = bcrypt::hash(password, COST).unwrap();
    let tenants = tenants.iter().map(|name| Tenant::new(name.as_bytes()).unwrap()).collect();
    User { name: name.into(), secret: Secret::Password { bcrypt, cost: COST }, tenants }
}

fn with_token(name: &str, token: &str) -> User {
    User { name: name.into(), secret: Secret::Token(Sha256::digest(token).into()), tenants: Vec::new() }
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
}

fn basic(name: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{name}:{password}")))
}

async fn admitted(users: &Users, authorization: &str, tenant: Option<&str>) -> Result<Option<String>, Error> {
    let mut headers = headers(&[("authorization", authorization)]);
    if let Some(tenant) = tenant {
        headers.insert(tenant::HEADER, tenant.parse().unwrap());
    }
    let tenant = users.admit(&headers).await?;
    Ok(tenant.map(|tenant| tenant.to_str().unwrap().to_owned()))
}

#[tokio::test]
async fn right_credentials_are_let_in() {
    let users = Users::new(vec![with_password("a", "p:w", &[]), with_token("b", "tok")]).unwrap();
    for (name, authorization) in [
        ("Basic", basic("a", "p:w")),
        ("the scheme in any case", basic("a", "p:w").replace("Basic", "BASIC")),
        ("a second time", basic("a", "p:w")),
        ("Bearer", "Bearer tok".into()),
        ("bearer, with more blanks", "bearer   tok ".into()),
    ] {
        assert_eq!(admitted(&users, &authorization, None).await, Ok(None), "{name}");
        assert_eq!(admitted(&users, &authorization, Some("t")).await, Ok(Some("t".into())), "{name}: any tenant");
    }
}

#[tokio::test]
async fn wrong_ones_are_not() {
    let users = Users::new(vec![with_password("a", "p:w", &[]), with_token("b", "tok")]).unwrap();
    assert_eq!(admitted(&users, &basic("a", "p:w"), None).await, Ok(None));
    for (name, authorization) in [
        ("another password", basic("a", "p:x")),
        ("a part of it", basic("a", "p")),
        ("none", basic("a", "")),
        ("an unknown name", basic("c", "p:w")),
        ("the name of one with a token", basic("b", "tok")),
        ("another token", "Bearer tok2".into()),
        ("a password as a token", "Bearer p:w".into()),
        ("no token", "Bearer".into()),
        ("another scheme", "Digest a".into()),
        ("no base64", "Basic %%".into()),
        ("no colon", format!("Basic {}", BASE64_STANDARD.encode("a"))),
        ("nothing", String::new()),
    ] {
        assert_eq!(admitted(&users, &authorization, None).await, Err(Error::Unauthorized), "{name}");
    }
    assert_eq!(users.admit(&HeaderMap::new()).await, Err(Error::Unauthorized));
    let nobody = Users::new(vec![with_token("b", "tok")]).unwrap();
    assert_eq!(admitted(&nobody, &basic("b", "tok"), None).await, Err(Error::Unauthorized));
}

#[tokio::test]
async fn a_user_pushes_for_the_tenants_of_the_user() {
    let users = [with_password("one", "x", &["a"]), with_password("two", "x", &["a", "b"])];
    let users = Users::new(users.to_vec()).unwrap();
    for (name, tenant, want) in [
        ("one", None, Ok(Some("a"))),
        ("one", Some("a"), Ok(Some("a"))),
        ("one", Some("a|a"), Ok(Some("a"))),
        ("one", Some("a:k=v"), Ok(Some("a"))),
        ("one", Some("b"), Err(Error::Forbidden)),
        ("one", Some("A"), Err(Error::Forbidden)),
        ("one", Some("a|b"), Err(Error::Tenant)),
        ("two", Some("b"), Ok(Some("b"))),
        ("two", Some("c"), Err(Error::Forbidden)),
        ("two", None, Err(Error::Forbidden)),
    ] {
        let want = want.map(|tenant| tenant.map(str::to_owned));
        assert_eq!(admitted(&users, &basic(name, "x"), tenant).await, want, "{name} for {tenant:?}");
    }
    let wrong = admitted(&users, &basic("one", "y"), Some("a|b")).await;
    assert_eq!(wrong, Err(Error::Unauthorized), "who it is comes before what it wants");
}

#[tokio::test]
async fn an_unknown_name_is_checked_as_long_as_a_known_one() {
    let users = Users::new(vec![with_password("a", "x", &[]), {
        // One that takes long enough to be measured.
        let cost = 9;
        let bcrypt = bcrypt::hash("x", cost).unwrap();
        User { name: "b".into(), secret: Secret::Password { bcrypt, cost }, tenants: Vec::new() }
    }]);
    let users = users.unwrap();
    let time = async |name| {
        let started = Instant::now();
        assert_eq!(admitted(&users, &basic(name, "y"), None).await, Err(Error::Unauthorized));
        started.elapsed()
    };
    // What else runs makes a check longer and never shorter.
    let (mut known, mut unknown) = (time("b").await, time("nobody").await);
    for _ in 0..9 {
        (known, unknown) = (known.min(time("b").await), unknown.min(time("nobody").await));
    }
    assert!(unknown > known / 4, "{unknown:?} against {known:?}");
}

#[tokio::test]
async fn a_right_password_is_checked_once() {
    let users = Users::new(vec![with_password("a", "x", &[])]).unwrap();
    assert_eq!(admitted(&users, &basic("a", "x"), None).await, Ok(None));
    let all = users.checks.available_permits() as u32;
    let _none_left = users.checks.acquire_many(all).await.unwrap();
    assert_eq!(admitted(&users, &basic("a", "x"), None).await, Ok(None));
    tokio::time::pause();
    assert_eq!(admitted(&users, &basic("a", "y"), None).await, Err(Error::TooManyChecks));
}
