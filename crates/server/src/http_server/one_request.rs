//! A request has its connection's turn until its answer was taken, to the last byte, by what sends it.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, Service as _, ServiceFactory, apply_fn_factory};
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::web::Bytes;

use super::sequential::{Turn, Turns};

/// The same service, whose answers end the turns of their requests.
pub(super) fn in_turn<I, S, B>(
    service: I,
) -> impl ServiceFactory<
    Request,
    Config = (),
    Response = Response<TurnBody>,
    Error = Error,
    InitError = (),
    Service = impl actix_service::Service<Request, Response = Response<TurnBody>, Error = Error, Future: 'static>,
>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = (), Response = ServiceResponse<B>, Error = Error, InitError = ()>,
    <S::Service as actix_service::Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    apply_fn_factory(service, |request: Request, service: &S::Service| {
        let turn = request.conn_data::<Turns>().map(|turns| turns.begin(request.head()));
        let answered = service.call(request);
        async move {
            let response: Response<B> = answered.await?.into();
            Ok(response.map_body(|_, body| TurnBody { body: body.boxed(), _turn: turn }))
        }
    })
}

/// A body that ends its request's turn when it is dropped, which is when its end was taken.
pub(super) struct TurnBody {
    body: BoxBody,
    _turn: Option<Turn>,
}

impl MessageBody for TurnBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
