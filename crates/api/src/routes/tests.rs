//! Compares every request body's decoder with the OpenAPI document.

use circadia_domain::accounts::AccountPatch;
use circadia_domain::calendar::CalendarPatch;
use circadia_domain::habits::{EntryInput, EntryPatch, HabitPatch, NewHabit, NewPlan};
use circadia_domain::moods::{MomentPatch, NewMoment};
use circadia_domain::passkeys::PasskeyPatch;
use circadia_domain::shared_pauses::{NewSharedPause, SharedPausePatch};
use circadia_domain::sleep::{NewSleepLog, SleepPatch};
use circadia_domain::tasks::{NewTask, TaskPatch};
use circadia_domain::themes::{NewTheme, ThemePatch};
use circadia_domain::time_entries::{NewTimeEntry, TimeEntryPatch};
use circadia_domain::timer::{StartTimer, StopTimer};
use circadia_domain::users::SettingsPatch;

use super::admin::users::VerifyEmailsBody;
use super::auth::email::{AddressBody, VerifyEmailBody};
use super::auth::login::LoginBody;
use super::auth::logout::LogoutBody;
use super::auth::passkeys::{FinishPasskeySignInBody, StartPasskeySignInBody};
use super::auth::password::{ChangePasswordBody, ResetPasswordBody};
use super::auth::providers::ExchangeProviderCodeBody;
use super::auth::refresh::RefreshBody;
use super::auth::register::RegisterBody;
use super::auth::totp::SecondFactorBody;
use super::entries::{BatchBody, BatchItemBody};
use super::habits::entries::IncrementBody;
use super::habits::list::OrderBody;
use super::habits::pauses::{CreatePauseBody, UpdatePauseBody};
use super::me::calendar::CreateCalendarBody;
use super::me::email::ChangeEmailBody;
use super::me::passkeys::FinishPasskeyRegistrationBody;
use super::me::providers::{ConfirmProviderBody, LinkProviderBody};
use super::me::push_subscriptions::{CreatePushSubscriptionBody, PushSubscriptionKeys};
use super::me::reauthentication::ReauthenticationBody;
use super::me::tokens::CreateTokenBody;
use super::me::totp::{ConfirmTotpBody, TotpProofBody};
use super::me::username::ChangeUsernameBody;
use super::moods::dto::PutMoodBody;
use super::reminders::dto::{
    CreateBedtimeReminderBody, CreateHabitReminderBody, CreateTaskReminderBody, UpdateBedtimeReminderBody,
    UpdateHabitReminderBody, UpdateTaskReminderBody,
};
use super::schedules::PreviewBody;
use super::sleep::dto::CheckSleepBody;
use super::tasks::dto::TransitionBody;
use super::webhooks::dto::{CreateWebhookBody, RotateWebhookSecretBody, UpdateWebhookBody};
use crate::http::input::testing::assert_documented;
use crate::http::openapi;

macro_rules! documented {
    ($($body:ty),+ $(,)?) => {
        #[test]
        fn what_is_documented_is_what_is_read() {
            let document = serde_json::to_value(openapi::document()).unwrap();
            let schemas = document["components"]["schemas"].as_object().unwrap();
            let known = [$(assert_documented::<$body>(schemas)),+];
            let requests = schemas.keys().filter(|name| name.ends_with("Body"));
            let forgotten: Vec<&String> = requests.filter(|name| !known.contains(name)).collect();
            assert!(forgotten.is_empty(), "missing from the table: {forgotten:?}");
        }
    };
}

documented!(
    AccountPatch,
    AddressBody,
    BatchBody,
    BatchItemBody,
    CalendarPatch,
    ChangeEmailBody,
    ChangePasswordBody,
    ChangeUsernameBody,
    CheckSleepBody,
    ConfirmProviderBody,
    ConfirmTotpBody,
    CreateBedtimeReminderBody,
    CreateCalendarBody,
    CreateHabitReminderBody,
    CreatePauseBody,
    CreatePushSubscriptionBody,
    CreateTaskReminderBody,
    CreateTokenBody,
    CreateWebhookBody,
    EntryInput,
    EntryPatch,
    ExchangeProviderCodeBody,
    FinishPasskeyRegistrationBody,
    FinishPasskeySignInBody,
    HabitPatch,
    IncrementBody,
    LinkProviderBody,
    LoginBody,
    LogoutBody,
    MomentPatch,
    NewHabit,
    NewMoment,
    NewPlan,
    NewSharedPause,
    NewSleepLog,
    NewTask,
    NewTheme,
    NewTimeEntry,
    OrderBody,
    PasskeyPatch,
    PreviewBody,
    PushSubscriptionKeys,
    PutMoodBody,
    ReauthenticationBody,
    RefreshBody,
    RegisterBody,
    ResetPasswordBody,
    RotateWebhookSecretBody,
    SecondFactorBody,
    SettingsPatch,
    SharedPausePatch,
    SleepPatch,
    StartPasskeySignInBody,
    StartTimer,
    StopTimer,
    TaskPatch,
    ThemePatch,
    TimeEntryPatch,
    TotpProofBody,
    TransitionBody,
    UpdateBedtimeReminderBody,
    UpdateHabitReminderBody,
    UpdatePauseBody,
    UpdateTaskReminderBody,
    UpdateWebhookBody,
    VerifyEmailBody,
    VerifyEmailsBody,
);
