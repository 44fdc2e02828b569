export { serverErrorKind, SERVER_ERROR_KINDS, type ServerErrorKind } from "./server-error-kind.js";
export { ServerErrors } from "./server-errors.js";
