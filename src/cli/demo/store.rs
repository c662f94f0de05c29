//! What stands in for Loki in the demo: it keeps the last push and answers 204.

use crate::{
    proto::PushRequest,
    server::{Answers, Body},
};
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use prost::Message;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};
use tower::service_fn;

/// The store; a clone is the same store.
#[derive(Clone, Default)]
pub(super) struct Store {
    last: Arc<Mutex<Option<PushRequest>>>,
}

impl Store {
    /// The last push that came, once.
    pub(super) fn take(&self) -> Option<PushRequest> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn routes(self) -> impl Answers + Clone + Send + 'static {
        service_fn(move |request| {
            let store = self.clone();
            async move { Ok::<_, Infallible>(store.keep(request).await) }
        })
    }

    async fn keep(&self, request: Request<Incoming>) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = match request.into_body().collect().await.ok().and_then(|body| read(&body.to_bytes()))
        {
            Some(push) => {
                *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(push);
                StatusCode::NO_CONTENT
            }
            None => StatusCode::BAD_REQUEST,
        };
        response
    }
}

fn read(block: &[u8]) -> Option<PushRequest> {
    let push = snap::raw::Decoder::new().decompress_vec(block).ok()?;
    PushRequest::decode(&push[..]).ok()
}
