//! `/imports`: imports from other apps.

use circadia_domain::imports::{Import, ImportFormat, ImportId, ImportReport, MAX_DRY_RUN_BYTES};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::input::{Decode, Fields, FileBody, PathParam, Query};
use crate::http::problem::{Problem, ProblemDoc};
use crate::http::routing::{Routes, operations};

pub(super) fn routes(routes: &mut Routes) {
    routes.tag("imports", "Bringing years of history along from other apps.");
    operations!(routes, create_import, list_imports, get_import, delete_import);
}

/// What is uploaded, and how.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// The app that the file is of.
    format: ImportFormat,
    /// Whether to write nothing, but tell what an import would do. Defaults to false.
    dry_run: Option<bool>,
}

impl Decode for ImportQuery {
    fn decode(fields: &mut Fields<'_>) -> Option<Self> {
        let format = fields.required("format");
        let dry_run = fields.optional("dry_run");
        Some(Self { format: format?, dry_run })
    }
}

/// What an import would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportTrial)]
struct TrialBody {
    /// The app that the file is of.
    format: ImportFormat,
    /// What would become of the items of the file.
    report: ImportReport,
}

/// My imports.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportList)]
struct ListBody {
    /// The imports, newest first. Their reports have counts, but no lines.
    items: Vec<Import>,
}

/// Import a file of another app
///
/// The body is the file itself, as the app exports it, whatever its declared type: at most 64 MiB, of Apple Health 1 GiB.
/// It is imported in the background: the answer is the import, which tells how far it is.
///
/// Ids are derived from the file, so importing the same again makes nothing twice. What the account has already stays as
/// it is, and so does sleep that overlaps other sleep: the report says what was left out, and why.
///
/// With `dry_run=true`, nothing is written: the answer tells line by line what would be made, what is there already, and
/// what would be left out, and why. Such a file may have 16 MiB. At most three imports wait or run at a time.
#[utoipa::path(
    post,
    path = "/imports",
    tag = "imports",
    operation_id = "createImport",
    extensions(("x-scope" = json!("write")), ("x-rate-limit" = json!("transfer"))),
    params(ImportQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file"),
    responses(
        (status = 200, description = "What an import would do (`dry_run=true`)", body = TrialBody),
        (status = 202, description = "The import, whose turn will come", body = Import),
        (status = 400, description = "`incomplete_body`: the file ended early", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 409, description = "`limit_reached`: three imports wait or run", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 413, description = "`payload_too_large`: the file is larger than is accepted, or than can be tried out", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media_type`: the body is a form, or compressed", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 422, description = "`validation_failed`: the parameters are wrong, or the file that is tried out can't be read", body = ProblemDoc, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`: the store of files can't be reached, or other imports are being tried out", body = ProblemDoc, content_type = "application/problem+json"),
    )
)]
async fn create_import(caller: Caller, query: Query<ImportQuery>, mut body: FileBody) -> Result<Answer, Problem> {
    let ImportQuery { format, dry_run } = query.0;
    if dry_run.unwrap_or(false) {
        body.ensure_accepted(format.max_bytes().min(MAX_DRY_RUN_BYTES))?;
        let mut content = Vec::new();
        while let Some(bytes) = body.next().await? {
            content.extend_from_slice(&bytes);
        }
        let report = caller.app_imports.dry_run(caller.user, format, content).await?;
        return Answer::computed(&TrialBody { format, report });
    }
    body.ensure_accepted(format.max_bytes())?;
    let mut upload = caller.app_imports.upload(caller.principal, format).await?;
    loop {
        let problem = match body.next().await {
            Ok(Some(bytes)) => match upload.write(bytes.to_vec()).await {
                Ok(()) => continue,
                Err(error) => error.into(),
            },
            Ok(None) => break,
            Err(problem) => problem,
        };
        upload.abort().await;
        return Err(problem);
    }
    let import = caller.app_imports.begin(caller.principal, upload).await?;
    Ok(Answer::computed(&import)?.accepted(format!("/api/v1/imports/{}", import.id)))
}

/// List my imports
///
/// The latest hundred or so, newest first.
#[utoipa::path(
    get,
    path = "/imports",
    tag = "imports",
    operation_id = "listImports",
    extensions(("x-scope" = json!("read"))),
    responses((status = 200, description = "The imports", body = ListBody))
)]
async fn list_imports(caller: Caller) -> Result<Answer, Problem> {
    let mut items = caller.app_imports.list(caller.user).await?;
    for import in &mut items {
        import.report.lines.clear();
    }
    Answer::computed(&ListBody { items })
}

/// Get an import
///
/// Tells how far it is, and what became of the items of the file.
#[utoipa::path(
    get,
    path = "/imports/{import_id}",
    tag = "imports",
    operation_id = "getImport",
    extensions(("x-scope" = json!("read"))),
    params(("import_id" = Uuid, Path, description = "The import's id")),
    responses((status = 200, description = "The import", body = Import))
)]
async fn get_import(caller: Caller, id: PathParam<ImportId>) -> Result<Answer, Problem> {
    Answer::computed(&caller.app_imports.find(caller.user, id.0).await?)
}

/// Undo an import
///
/// Removes what the import made, in the background, the latest first. What was changed since is kept, and so is what
/// something else belongs to, such as a habit with other entries: the report says which. An import that waits or runs is
/// broken off. The same again changes nothing.
#[utoipa::path(
    delete,
    path = "/imports/{import_id}",
    tag = "imports",
    operation_id = "deleteImport",
    extensions(("x-scope" = json!("write"))),
    params(("import_id" = Uuid, Path, description = "The import's id")),
    responses((status = 202, description = "The import, which is being undone", body = Import))
)]
async fn delete_import(caller: Caller, id: PathParam<ImportId>) -> Result<Answer, Problem> {
    let import = caller.app_imports.undo(caller.user, id.0).await?;
    Ok(Answer::computed(&import)?.accepted(format!("/api/v1/imports/{}", import.id)))
}
